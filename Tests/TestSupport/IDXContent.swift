import Foundation

/// The content of an IDX file: `0, 0, type, rank`, big-endian extents, elements.
///
/// The header says what it is told, whether or not it fits the elements, so that bad files can be made.
public func idxContent(
  shape: [UInt32], elements: some Sequence<UInt8>, type: UInt8 = 0x08
) -> Data {
  var content = Data([0, 0, type, UInt8(shape.count)])
  for extent in shape {
    content.append(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: extent >> (24 - 8 * $0)) })
  }
  content.append(contentsOf: elements)
  return content
}
