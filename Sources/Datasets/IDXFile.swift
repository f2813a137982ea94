import Foundation

/// An array of unsigned bytes in the IDX format of MNIST and its relatives, plain or compressed by gzip.
///
/// `0, 0, type, rank`, then `rank` extents as big-endian 32-bit integers, then the elements in row-major
/// order, then nothing. Only element type `0x08` is read: no published image set uses another.
/// Reference: http://yann.lecun.com/exdb/mnist/.
public struct IDXFile: Sendable {
  public let shape: [Int]
  /// `shape`'s product many elements, row-major.
  public let elements: [UInt8]

  /// The largest content that is read, 2 GiB: 40 times MNIST.
  public static let largestByteCount = 1 << 31

  /// - Parameters:
  ///   - rank: what the caller can use: 3 for images `[N, H, W]`, 1 for labels `[N]`.
  /// - Throws: unless the file is an IDX file of this rank with at least one element and of exactly the
  ///   length that its header says. A false header allocates no memory.
  public init(contentsOf url: URL, rank: Int) throws(DatasetError) {
    let file = try InputFile(url)
    shape = try Self.readShape(of: file, rank: rank)
    let count = shape.reduce(1, *)
    let what = "\(count) bytes for shape \(shape)"
    guard count <= file.largestContent else {
      let held = file.isPlain ? file.byteCount - 4 - 4 * rank : file.largestContent
      throw Self.truncated(file, what, file.isPlain ? "\(held)" : "\(held) at most")
    }
    elements = try file.read(count)
    guard elements.count == count else { throw Self.truncated(file, what, "\(elements.count)") }
    let more = try file.read(1)
    guard more.isEmpty else {
      throw DatasetError(
        .oversized, file.path, expected: what, found: "more bytes after them",
        remedy: "Fetch the file again; header and content do not belong together")
    }
    guard !file.isCutOff else { throw Self.truncated(file, "a checksum at the end", "none") }
  }

  private static func readShape(of file: InputFile, rank: Int) throws(DatasetError) -> [Int] {
    let what = "an IDX header of \(4 + 4 * rank) bytes"
    let header = try file.read(4 + 4 * rank)
    guard header.count >= 4 else { throw truncated(file, what, "\(header.count)") }
    try checkMagic(header, rank, file.path)
    guard header.count == 4 + 4 * rank else { throw truncated(file, what, "\(header.count)") }

    let shape = (1...rank).map { axis in
      header[(4 * axis)..<(4 * axis + 4)].reduce(0) { $0 << 8 | Int($1) }
    }
    guard !shape.contains(0) else {
      throw DatasetError(
        .shape, file.path, expected: "at least one element", found: "shape \(shape)",
        remedy: "Fetch the file again; this one is empty")
    }
    var count = 1
    for extent in shape {
      let product = count.multipliedReportingOverflow(by: extent)
      guard !product.overflow, product.partialValue <= largestByteCount else {
        throw DatasetError(
          .oversized, file.path, expected: "at most \(largestByteCount) bytes",
          found: "shape \(shape)", remedy: "Fetch the file again; its header is damaged")
      }
      count = product.partialValue
    }
    return shape
  }

  /// Checks the first four bytes: two zeros, the type of the elements, the number of dimensions.
  private static func checkMagic(
    _ header: [UInt8], _ rank: Int, _ path: String
  ) throws(DatasetError) {
    guard header[0] == 0, header[1] == 0, let type = elementTypes[header[2]] else {
      let start = header[..<4].map { hexadecimal($0) }.joined(separator: " ")
      throw DatasetError(
        .format, path, expected: "an IDX file, which starts with 00 00 08 0\(rank)",
        found: "one that starts with \(start)",
        remedy: "Name the IDX file itself, plain or .gz, not an archive or a saved web page")
    }
    guard header[2] == 8 else {
      throw DatasetError(
        .format, path, expected: "IDX elements of type 08 (unsigned byte)",
        found: "type \(hexadecimal(header[2])) (\(type))",
        remedy: "Convert the file to unsigned bytes, or give the data as tensors:FILE")
    }
    guard header[3] == rank else {
      throw DatasetError(
        .format, path, expected: "an IDX array of rank \(rank)", found: "rank \(header[3])",
        remedy: "Check that images (rank 3) and labels (rank 1) are not swapped")
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> String { String(format: "%02x", byte) }

  private static func truncated(_ file: InputFile, _ what: String, _ held: String) -> DatasetError {
    DatasetError(
      .truncated, file.path, expected: what, found: held,
      remedy: "Fetch the file again; this copy is incomplete")
  }

  private static let elementTypes: [UInt8: String] = [
    0x08: "unsigned byte", 0x09: "signed byte", 0x0b: "int16", 0x0c: "int32", 0x0d: "float32",
    0x0e: "float64",
  ]
}
