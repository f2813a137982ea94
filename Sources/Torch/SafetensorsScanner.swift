/// Reads the little JSON that a safetensors header may hold: objects, strings, and lists of whole numbers.
///
/// Foundation's parser is not used because it keeps the last of two equal keys without a word, and rounds whole
/// numbers that are too large; both would hide a damaged file.
struct SafetensorsScanner {
  /// What was expected at a byte of the header, and what stands there.
  struct Failure: Error {
    /// Nil until an enclosing object says what it describes.
    var subject: String?
    let expected: String
    let found: String
    var remedy = SafetensorsError.writeAgain
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Calls `body` with each key of an object, to read its value. Two equal keys fail.
  mutating func object(
    of subject: String, _ body: (inout SafetensorsScanner, String) throws(Failure) -> Void
  ) throws(Failure) {
    do throws(Failure) {
      try take("{")
      var keys: Set<String> = []
      if skip("}") { return }
      repeat {
        let key = try string()
        guard keys.insert(key).inserted else {
          throw Failure(expected: "different keys", found: "'\(key)' twice")
        }
        try take(":")
        try body(&self, key)
      } while skip(",")
      try take("}")
    } catch {
      var located = error
      located.subject = error.subject ?? subject
      throw located
    }
  }

  /// A list of whole numbers that are not negative.
  mutating func numbers() throws(Failure) -> [Int] {
    try take("[")
    var result: [Int] = []
    if skip("]") { return result }
    repeat { result.append(try number()) } while skip(",")
    try take("]")
    return result
  }

  private mutating func number() throws(Failure) -> Int {
    skipSpace()
    let start = position
    while position < bytes.count, !",]}: \n\r\t".utf8.contains(bytes[position]) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    let isPlain = !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
    guard isPlain, text == "0" || text.first != "0", let value = Int(text) else {
      throw Failure(
        expected: "a whole number from 0 to \(Int.max)", found: "'\(text.prefix(40))'")
    }
    return value
  }

  mutating func string() throws(Failure) -> String {
    try take("\"")
    var content: [UInt8] = []
    while position < bytes.count, bytes[position] >= 0x20 {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
      case UInt8(ascii: "\\"): content.append(contentsOf: Array(String(try escape()).utf8))
      default: content.append(byte)
      }
    }
    throw unexpected("the end of a string")
  }

  /// The character after a backslash.
  private mutating func escape() throws(Failure) -> Unicode.Scalar {
    guard position < bytes.count else { throw unexpected("an escaped character") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default:
      position -= 1
      throw unexpected("an escaped character")
    }
    var code = try hexadecimal()
    if (0xD800..<0xDC00).contains(code), bytes[position...].starts(with: "\\u".utf8) {
      position += 2
      let low = try hexadecimal()
      guard (0xDC00..<0xE000).contains(low) else { throw unexpected("a low surrogate") }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw unexpected("a pair of surrogates") }
    return scalar
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    let digits = bytes[position...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw unexpected("four hexadecimal digits") }
    position += 4
    return code
  }

  /// Fails unless nothing but space follows.
  mutating func end() throws(Failure) {
    skipSpace()
    if position < bytes.count { throw unexpected("spaces up to the header's end") }
  }

  private mutating func take(_ byte: Unicode.Scalar) throws(Failure) {
    if !skip(byte) { throw unexpected("'\(byte)'") }
  }

  private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count, " \n\r\t".utf8.contains(bytes[position]) { position += 1 }
  }

  private func unexpected(_ expected: String) -> Failure {
    guard position < bytes.count else {
      return Failure(expected: expected, found: "the header's end (byte \(bytes.count))")
    }
    let rest = String(decoding: bytes[position...].prefix(12), as: UTF8.self)
    return Failure(
      expected: expected, found: "\(rest.debugDescription) at byte \(position) of the header")
  }
}
