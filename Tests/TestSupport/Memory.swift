import Foundation

/// How many bytes of this process are in memory now.
public func residentMemory() -> Int {
  let text = try! String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
  return Int(text.split(separator: " ")[1])! * Int(sysconf(Int32(_SC_PAGESIZE)))
}

/// By how many bytes this process grows while `body` runs `rounds` times, after a tenth as many to warm up.
///
/// The whole process is measured: call it in an exit test, which has a process of its own, so that tests beside
/// it cannot disturb it.
public func residentGrowth(rounds: Int, of body: () throws -> Void) rethrows -> Int {
  for _ in 0..<rounds / 10 { try body() }
  let before = residentMemory()
  for _ in 0..<rounds { try body() }
  return residentMemory() - before
}

/// The most bytes of this process that were in memory at once since ``resetPeakMemory()``, or since it began.
public func peakResidentMemory() -> Int {
  let text = try! String(contentsOfFile: "/proc/self/status", encoding: .utf8)
  let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }!
  return Int(line.split(whereSeparator: \.isWhitespace)[1])! * 1024
}

/// Lets ``peakResidentMemory()`` begin again from what is in memory now.
public func resetPeakMemory() {
  try! Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
}
