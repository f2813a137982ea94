import Foundation

/// How many bytes of this process are in memory now.
public func residentMemory() -> Int {
  let text = try! String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
  return Int(text.split(separator: " ")[1])! * Int(sysconf(Int32(_SC_PAGESIZE)))
}
