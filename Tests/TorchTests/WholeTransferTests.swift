import Foundation
import TestSupport
import Testing
import Torch

@Suite struct WholeTransferTests {
  /// A pipe takes 64 KiB at a time and gives less: the system does the rest in many pieces.
  @Test func `what the system takes piece by piece is written whole`() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let (reading, writing) = (ends[0], ends[1])
    let bytes = (0..<300_001).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let sender = Thread {
      _ = bytes.withUnsafeBytes { $0.written(to: writing) }
      close(writing)
    }
    sender.start()
    let received = FileHandle(fileDescriptor: reading, closeOnDealloc: true).readDataToEndOfFile()
    #expect(Array(received) == bytes)
  }

  @Test func `a failure says how much was done, and why`() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/file"
      try Data([1, 2, 3, 4, 5]).write(to: URL(fileURLWithPath: path))
      let descriptor = open(path, O_RDONLY)
      defer { close(descriptor) }
      var memory = [UInt8](repeating: 9, count: 4)
      #expect(memory.withUnsafeMutableBytes { $0.filled(from: descriptor, at: 1) } == 4)
      #expect(memory == [2, 3, 4, 5])
      errno = EIO
      #expect(memory.withUnsafeMutableBytes { $0.filled(from: descriptor, at: 3) } == 2)
      #expect(errno == 0 && memory == [4, 5, 4, 5], "the file's end is no error of the system")
      #expect(memory.withUnsafeBytes { $0.written(to: descriptor) } == 0)
      #expect(errno == EBADF)
      #expect(UnsafeRawBufferPointer(start: nil, count: 0).written(to: -1) == 0)
    }
  }
}
