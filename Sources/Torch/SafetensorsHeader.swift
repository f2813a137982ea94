/// The parsed and checked header of a safetensors file.
struct SafetensorsHeader {
  /// Where one tensor lies, in bytes from the end of the header.
  struct Entry {
    let name: String
    let dtype: DType
    let shape: [Int]
    let range: Range<Int>
  }

  typealias Failure = SafetensorsScanner.Failure

  /// In the order of their bytes.
  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]

  /// - Parameter dataCount: how many bytes follow the header in the file.
  init(parsing bytes: [UInt8], dataCount: Int) throws(Failure) {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw Failure(expected: "UTF-8 text", found: "other bytes")
    }
    guard bytes.first == UInt8(ascii: "{") else {
      let found = bytes.first.map { "byte \($0)" } ?? "nothing"
      throw Failure(
        expected: "'{' as the first byte", found: found,
        remedy: "check that this is a safetensors file; \(SafetensorsError.writeAgain)")
    }
    var scanner = SafetensorsScanner(bytes)
    var entries: [Entry] = []
    var metadata: [String: String] = [:]
    try scanner.object(of: "header") { scanner, key throws(Failure) in
      if key == Safetensors.metadataKey {
        try scanner.object(of: "metadata") { scanner, key throws(Failure) in
          metadata[key] = try scanner.string()
        }
      } else {
        entries.append(try Entry(named: key, from: &scanner))
      }
    }
    try scanner.end()
    // Tensors without elements take no bytes: they stay before what begins where they end.
    self.entries = entries.enumerated().sorted {
      let (a, b) = ($0.element.range, $1.element.range)
      return (a.lowerBound, a.upperBound, $0.offset) < (b.lowerBound, b.upperBound, $1.offset)
    }.map(\.element)
    self.metadata = metadata
    try checkLayout(dataCount: dataCount)
  }

  /// The tensors' bytes follow one another without a hole or an overlap and end where the file ends.
  private func checkLayout(dataCount: Int) throws(Failure) {
    var end = 0
    for entry in entries {
      guard entry.range.lowerBound == end else {
        let kind = entry.range.lowerBound < end ? "an overlap" : "a hole"
        throw Failure(
          subject: "tensor '\(entry.name)'", expected: "its bytes to begin at offset \(end)",
          found: "\(entry.range.lowerBound) (\(kind))")
      }
      end = entry.range.upperBound
    }
    guard end == dataCount else {
      let remedy = end > dataCount ? "the file is cut short: copy or download it again, or " : ""
      throw Failure(
        subject: "file", expected: "\(end) bytes of tensors after the header",
        found: "\(dataCount)", remedy: remedy + SafetensorsError.writeAgain)
    }
  }
}

extension SafetensorsHeader.Entry {
  typealias Failure = SafetensorsScanner.Failure

  init(named name: String, from scanner: inout SafetensorsScanner) throws(Failure) {
    let subject = "tensor '\(name)'"
    var typeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object(of: subject) { scanner, key throws(Failure) in
      switch key {
      case "dtype": typeName = try scanner.string()
      case "shape": shape = try scanner.numbers()
      case "data_offsets": offsets = try scanner.numbers()
      default: throw Failure(expected: "dtype, shape or data_offsets", found: "'\(key)'")
      }
    }
    guard let typeName, let shape, let offsets else {
      let missing = typeName == nil ? "dtype" : shape == nil ? "shape" : "data_offsets"
      throw Failure(subject: subject, expected: "a value of \(missing)", found: "none")
    }
    guard let dtype = DType(safetensorsName: typeName) else {
      throw Failure(
        subject: subject,
        expected: "one of " + DType.allCases.map(\.safetensorsName).joined(separator: ", "),
        found: "type '\(typeName)'", remedy: "convert the tensor to one of these types")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw Failure(
        subject: subject, expected: "data_offsets [begin, end] with begin <= end",
        found: "\(offsets)")
    }
    // Extents of zero count as one: the strides of such a tensor must not overflow either.
    var byteCount = dtype.byteCount
    for extent in shape {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: max(extent, 1))
      guard !overflow else {
        throw Failure(subject: subject, expected: "a shape below 2^63 bytes", found: "\(shape)")
      }
      byteCount = product
    }
    if shape.contains(0) { byteCount = 0 }
    guard offsets[1] - offsets[0] == byteCount else {
      throw Failure(
        subject: subject, expected: "\(byteCount) bytes for shape \(shape) of \(typeName)",
        found: "\(offsets[1] - offsets[0]) (offsets \(offsets))")
    }
    self.init(name: name, dtype: dtype, shape: shape, range: offsets[0]..<offsets[1])
  }
}
