import Foundation
import Testing

@testable import TestSupport

@Suite struct InstalledFashionMNISTTests {
  @Test func `data that are missing without a reason are expected`() throws {
    try withTemporaryDirectory { folder in
      let reason = folder + "/missing"
      func isExpected() -> Bool {
        InstalledFashionMNIST.isExpected(reason: reason, folders: [folder + "/no", folder])
      }
      #expect(isExpected())
      try Data("no network".utf8).write(to: URL(fileURLWithPath: reason))
      #expect(!isExpected())
      try Data().write(to: URL(fileURLWithPath: folder + "/train-images-idx3-ubyte.gz"))
      #expect(isExpected())
    }
  }
}
