import Foundation

extension ImageDataset {
  /// Reads CIFAR's binary files, plain or gzip, one after another.
  ///
  /// - Parameters:
  ///   - recordsPerFile: how many images each file must hold, no more and no fewer.
  ///   - classFile: the names of the classes, one a line; blank lines at the end do not count.
  /// - Throws: unless every file has exactly its length, every label its class, and every class its name.
  public init(
    cifar files: [URL], layout: CIFARLayout, recordsPerFile: Int, classFile: URL, name: String,
    split: Split
  ) throws(DatasetError) {
    precondition(!files.isEmpty && recordsPerFile >= 1, "CIFAR: nothing to read")
    let classNames = try Self.classNames(in: classFile, count: layout.classes)
    var pixels: [UInt8] = []
    var labels: [Int] = []
    pixels.reserveCapacity(files.count * recordsPerFile * CIFARLayout.shape.count)
    for file in files {
      let bytes = try Self.records(recordsPerFile, of: layout, in: file)
      for record in 0..<recordsPerFile {
        let start = record * layout.recordByteCount
        let label = Int(bytes[start + layout.labelIndex])
        guard label < layout.classes else {
          throw DatasetError(
            .range, file.path, expected: "labels from 0 to \(layout.classes - 1)",
            found: "\(label) at image \(record)",
            remedy: "Check that the file belongs to \(name), or fetch it again")
        }
        labels.append(label)
        pixels += bytes[start + layout.labelCount..<start + layout.recordByteCount]
      }
    }
    self.init(
      name: name, split: split, shape: CIFARLayout.shape, pixels: .bytes(pixels), labels: labels,
      classNames: classNames)
  }

  private static func records(
    _ count: Int, of layout: CIFARLayout, in url: URL
  ) throws(DatasetError) -> [UInt8] {
    let file = try InputFile(url)
    let byteCount = count * layout.recordByteCount
    let what = "\(byteCount) bytes, \(count) images of \(layout.recordByteCount)"
    // Not even the memory is asked for where a plain file cannot fill it.
    let held = file.largestContent < byteCount ? file.largestContent : nil
    let bytes = held == nil ? try file.read(byteCount) : []
    guard bytes.count == byteCount else {
      throw DatasetError(
        .truncated, file.path, expected: what, found: "\(held ?? bytes.count)",
        remedy: "Fetch the file again; this copy is incomplete or no CIFAR file")
    }
    guard try file.read(1).isEmpty else {
      throw DatasetError(
        .oversized, file.path, expected: what, found: "more bytes after them",
        remedy: "Take the file of the binary version as it was published")
    }
    guard !file.isCutOff else {
      throw DatasetError(
        .truncated, file.path, expected: "a checksum at the end", found: "none",
        remedy: "Fetch the file again; this copy is incomplete")
    }
    return bytes
  }

  /// The lines of a file that names classes.
  static func classNames(in url: URL, count: Int) throws(DatasetError) -> [String] {
    let file = try InputFile(url)
    let limit = 1 << 16  // a hundred words; what is longer is another file
    let bytes = try file.read(limit)
    let text = String(validating: bytes, as: UTF8.self) ?? ""
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    while lines.last == "" { lines.removeLast() }
    guard bytes.count < limit, !file.isCutOff, lines.count == count, !lines.contains(""),
      Set(lines).count == count
    else {
      let found =
        bytes.count == limit || text.isEmpty && !bytes.isEmpty
        ? "no such text" : "\(lines.count) lines, \(Set(lines.filter { $0 != "" }).count) names"
      throw DatasetError(
        .format, url.path, expected: "\(count) different class names, one a line", found: found,
        remedy: "Fetch the data set again, or take the file that was published with it")
    }
    return lines
  }
}
