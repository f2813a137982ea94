import Foundation
import TestSupport
import Testing
import Torch

@Suite struct SafetensorsReadingTests {
  /// A file with this header text and so many bytes after it.
  static func file(_ header: String, data: Int, length: UInt64? = nil) -> [UInt8] {
    let count = length ?? UInt64(header.utf8.count)
    return withUnsafeBytes(of: count.littleEndian) { Array($0) } + Array(header.utf8)
      + [UInt8](repeating: 0, count: data)
  }

  /// The text of the error, or nil when the bytes are a valid file.
  static func error(reading bytes: [UInt8]) throws -> String? {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      do throws(SafetensorsError) {
        _ = try Safetensors.read(from: path)
        return nil
      } catch {
        #expect(error.path == path && error.description.hasPrefix("\(path): \(error.subject): "))
        return String(error.description.dropFirst(path.utf8.count + 2))
      }
    }
  }

  static let again =
    "write the file again with Safetensors.write or Python's safetensors.save_file"
  static let whole = "check that this is a whole safetensors file"
  static let a = #""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#

  struct Row: Sendable {
    let header: String
    var data = 8
    var length: UInt64?
    let error: String
    init(_ header: String, data: Int = 8, length: UInt64? = nil, _ error: String) {
      (self.header, self.data, self.length, self.error) = (header, data, length, error)
    }
  }

  static func tensor(
    _ name: String, _ dtype: String = "F32", _ shape: String = "[2]", _ offsets: String = "[0,8]"
  ) -> String {
    #""\#(name)":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  static let rules: [Row] = [
    // The file and its header as a whole.
    Row(
      "{}", data: 0, length: 3,
      "header length: expected at most 2 bytes, found 3; \(whole)"),
    Row(
      "{}", data: 0, length: 100_000_001,
      "header length: expected at most 2 bytes, found 100000001; \(whole)"),
    Row(
      "{}", data: 0, length: .max,
      "header length: expected at most 2 bytes, found 18446744073709551615; \(whole)"),
    Row(
      "", data: 0,
      """
      header: expected '{' as the first byte, found nothing; check that this is a safetensors file; \
      \(again)
      """),
    Row(
      " {}", data: 0,
      """
      header: expected '{' as the first byte, found byte 32; check that this is a safetensors file; \
      \(again)
      """),
    Row("{}", data: 1, "file: expected 0 bytes of tensors after the header, found 1; \(again)"),
    Row(
      "{\(a)}", data: 7,
      """
      file: expected 8 bytes of tensors after the header, found 7; the file is cut short: copy or \
      download it again, or \(again)
      """),
    Row(
      "{\(a)}", data: 9,
      "file: expected 8 bytes of tensors after the header, found 9; \(again)"),
    // JSON.
    Row("{\(a)", "header: expected '}', found the header's end (byte 53); \(again)"),
    Row(
      "{\(a),}",
      #"header: expected '"', found "}" at byte 54 of the header; \#(again)"#),
    Row(
      "{\(a)}\0\0",
      #"header: expected spaces up to the header's end, found "\0\0" at byte 54 of the header; \#(again)"#
    ),
    Row("{\(a),\(a)}", "header: expected different keys, found 'a' twice; \(again)"),
    Row(
      #"{\#(a),"\u0061":1}"#, "header: expected different keys, found 'a' twice; \(again)"),
    Row(
      #"{"\ud800":1}"#,
      #"header: expected a pair of surrogates, found "\":1}" at byte 8 of the header; \#(again)"#),
    Row(
      #"{"\x":1}"#,
      #"header: expected an escaped character, found "x\":1}" at byte 3 of the header; \#(again)"#),
    Row(
      #"{"\u12":1}"#,
      #"header: expected four hexadecimal digits, found "12\":1}" at byte 4 of the header; \#(again)"#
    ),
    Row(
      "{\"a\n\":1}",
      #"header: expected the end of a string, found "\n\":1}" at byte 3 of the header; \#(again)"#),
    // One tensor.
    Row(
      #"{"a":[[[[[]]]]]}"#,
      #"tensor 'a': expected '{', found "[[[[[]]]]]}" at byte 5 of the header; \#(again)"#),
    Row(
      #"{"a":{"dtype":"F32","shape":[2]}}"#,
      "tensor 'a': expected a value of data_offsets, found none; \(again)"),
    Row(
      #"{"a":{"dtype":"F32","dtype":"F64","shape":[2],"data_offsets":[0,8]}}"#,
      "tensor 'a': expected different keys, found 'dtype' twice; \(again)"),
    Row(
      #"{"a":{"kind":"F32"}}"#,
      "tensor 'a': expected dtype, shape or data_offsets, found 'kind'; \(again)"),
    Row(
      "{\(tensor("a", "F8_E4M3"))}",
      """
      tensor 'a': expected one of U8, I8, I16, I32, I64, F16, F32, F64, BOOL, BF16, found type \
      'F8_E4M3'; convert the tensor to one of these types
      """),
    Row(
      "{\(tensor("a", "F32", "[-2]"))}",
      """
      tensor 'a': expected a whole number from 0 to 9223372036854775807, found '-2'; \(again)
      """),
    Row(
      "{\(tensor("a", "F32", "[2.0]"))}",
      """
      tensor 'a': expected a whole number from 0 to 9223372036854775807, found '2.0'; \(again)
      """),
    Row(
      "{\(tensor("a", "F32", "[02]"))}",
      """
      tensor 'a': expected a whole number from 0 to 9223372036854775807, found '02'; \(again)
      """),
    Row(
      "{\(tensor("a", "F32", "[9223372036854775808]"))}",
      """
      tensor 'a': expected a whole number from 0 to 9223372036854775807, found \
      '9223372036854775808'; \(again)
      """),
    Row(
      "{\(tensor("a", "F32", "[4294967296,4294967296]"))}",
      """
      tensor 'a': expected a shape below 2^63 bytes, found [4294967296, 4294967296]; \(again)
      """),
    Row(
      "{\(tensor("a", "F32", "[0,4294967296,4294967296]", "[0,0]"))}", data: 0,
      """
      tensor 'a': expected a shape below 2^63 bytes, found [0, 4294967296, 4294967296]; \(again)
      """),
    Row(
      "{\(tensor("a", "F32", "[2]", "[8,0]"))}",
      "tensor 'a': expected data_offsets [begin, end] with begin <= end, found [8, 0]; \(again)"),
    Row(
      "{\(tensor("a", "F32", "[2]", "[0,8,8]"))}",
      "tensor 'a': expected data_offsets [begin, end] with begin <= end, found [0, 8, 8]; \(again)"
    ),
    Row(
      "{\(tensor("a", "F32", "[3]"))}",
      "tensor 'a': expected 12 bytes for shape [3] of F32, found 8 (offsets [0, 8]); \(again)"),
    Row(
      "{\(tensor("a", "F32", "[]"))}",
      "tensor 'a': expected 4 bytes for shape [] of F32, found 8 (offsets [0, 8]); \(again)"),
    // How tensors follow one another.
    Row(
      "{\(tensor("a", "F32", "[2]", "[4,12]"))}", data: 12,
      "tensor 'a': expected its bytes to begin at offset 0, found 4 (a hole); \(again)"),
    Row(
      "{\(a),\(tensor("b", "F32", "[2]", "[4,12]"))}", data: 12,
      "tensor 'b': expected its bytes to begin at offset 8, found 4 (an overlap); \(again)"),
    Row(
      "{\(a),\(tensor("b", "F32", "[2]", "[0,8]"))}",
      "tensor 'b': expected its bytes to begin at offset 8, found 0 (an overlap); \(again)"),
    // Metadata.
    Row(
      #"{"__metadata__":{"a":1}}"#, data: 0,
      #"metadata: expected '"', found "1}}" at byte 21 of the header; \#(again)"#),
    Row(
      #"{"__metadata__":"a"}"#, data: 0,
      ##"metadata: expected '{', found "\"a\"}" at byte 16 of the header; \##(again)"##),
    Row(
      #"{"__metadata__":{"a":"1","a":"2"}}"#, data: 0,
      "metadata: expected different keys, found 'a' twice; \(again)"),
    Row(
      #"{"__metadata__":{},"__metadata__":{}}"#, data: 0,
      "header: expected different keys, found '__metadata__' twice; \(again)"),
  ]

  @Test(arguments: rules.indices)
  func refusesWhatBreaksARule(row: Int) throws {
    let row = Self.rules[row]
    let bytes = Self.file(row.header, data: row.data, length: row.length)
    let found = try Self.error(reading: bytes)
    #expect(found == row.error, "found \(found ?? "no error")")
  }

  @Test func refusesEveryTruncation() throws {
    let bytes = Self.file("{\(Self.a)}", data: 8)
    #expect(try Self.error(reading: bytes) == nil)
    for count in 0..<bytes.count {
      #expect(try Self.error(reading: Array(bytes.prefix(count))) != nil, "\(count) bytes")
    }
    #expect(
      try Self.error(reading: Array(bytes.prefix(7)))
        == "file: expected 8 bytes or more, found 7; the file is cut short: copy or download it again"
    )
  }

  @Test func refusesTextThatIsNotUTF8() throws {
    var bytes = Self.file("{\(Self.a)}", data: 8)
    bytes[10] = 0xFF
    #expect(
      try Self.error(reading: bytes)
        == "header: expected UTF-8 text, found other bytes; \(Self.again)")
  }

  @Test func refusesAHeaderAboveTheLimitOfTheFormat() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      try Data(Self.file("{}", data: 0, length: 100_000_001)).write(to: URL(fileURLWithPath: path))
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      try handle.truncate(atOffset: 200_000_000)  // a hole: takes no space on the disk
      try handle.close()
      let error = #expect(throws: SafetensorsError.self) { try Safetensors.read(from: path) }
      #expect(error?.expected == "at most 100000000 bytes" && error?.found == "100000001")
    }
  }

  @Test func refusesBooleansThatAreNeitherZeroNorOne() throws {
    var bytes = Self.file("{\(Self.tensor("a", "BOOL", "[2]", "[0,2]"))}", data: 2)
    #expect(try Self.error(reading: bytes) == nil)
    bytes[bytes.count - 1] = 2
    #expect(
      try Self.error(reading: bytes)
        == "tensor 'a': expected Booleans of 0 or 1, found another byte; \(Self.again)")
  }

  /// Legal, if unusual: escapes, space between tokens, an order of keys that is not that of the bytes, scalars,
  /// empty tensors between others, no tensors at all.
  @Test func acceptsEveryLegalSpelling() throws {
    let header = """
      { "b" : { "data_offsets" : [ 4 , 8 ] , "shape" : [ ] , "dtype" : "I32" } ,
      "\\u00e9\\ud83d\\ude00\\/\\t": {"dtype":"F32","shape":[1],"data_offsets":[0,4]},
      "empty":{"dtype":"F64","shape":[3,0],"data_offsets":[4,4]},
      "__metadata__": {"k": "\\"v\\\\"}  }   \t\n
      """
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      try Data(Self.file(header, data: 0) + [0, 0, 128, 63, 254, 255, 255, 255])
        .write(to: URL(fileURLWithPath: path))
      let file = try Safetensors.read(from: path)
      #expect(file.tensors.names == ["é😀/\t", "empty", "b"])
      #expect(file.tensors["b"]?.isIdentical(to: Tensor(Int32(-2))) == true)
      #expect(file.tensors["é😀/\t"]?.isIdentical(to: Tensor([Float(1)])) == true)
      #expect(file.tensors["empty"]?.shape == [3, 0])
      #expect(file.metadata == ["k": "\"v\\"])
      try Data(Self.file("{}", data: 0)).write(to: URL(fileURLWithPath: path))
      #expect(try Safetensors.read(from: path).tensors.isEmpty)
    }
  }

  @Test func saysWhyAFileCannotBeOpened() throws {
    let error = #expect(throws: SafetensorsError.self) {
      try Safetensors.read(from: "/no/such.safetensors")
    }
    #expect(
      error?.description == """
        /no/such.safetensors: file: expected a file that can be read, found No such file or \
        directory; check the path and its permissions
        """)
    #expect(throws: SafetensorsError.self) { try Safetensors.read(from: "/usr") }
  }
}
