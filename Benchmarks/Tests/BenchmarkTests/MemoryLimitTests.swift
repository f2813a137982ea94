import Foundation
import Testing

@testable import spikeguard_bench

@Suite(.serialized) struct MemoryLimitTests {
  /// What a shell started now may allocate, in KiB or `unlimited`.
  private func limitOfChild() throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "ulimit -d"]
    process.standardOutput = output
    try process.run()
    process.waitUntilExit()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test func `a process that is started inside has the limit, one after it has not`() throws {
    let before = try limitOfChild()
    let inside = try withMemoryLimit(3 << 30) { try limitOfChild() }
    #expect(inside == "\(3 << 20)")
    #expect(try limitOfChild() == before)
  }

  @Test func `the limit is lifted when the body throws`() throws {
    let before = try limitOfChild()
    #expect(throws: CancellationError.self) {
      try withMemoryLimit(3 << 30) { throw CancellationError() }
    }
    #expect(try limitOfChild() == before)
  }

  @Test func `available memory lies between nothing and what the machine has`() throws {
    let available = try availableMemory()
    #expect(0 < available && available <= Int(ProcessInfo.processInfo.physicalMemory))
  }
}
