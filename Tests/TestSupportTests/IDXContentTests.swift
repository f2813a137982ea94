import Foundation
import TestSupport
import Testing

@Test("An IDX header is big-endian, byte for byte as in the format's description")
func idxContentBytes() {
  let content = idxContent(shape: [2, 0x01020304], elements: [7, 255])
  #expect(content == Data([0, 0, 8, 2, 0, 0, 0, 2, 1, 2, 3, 4, 7, 255]))
}
