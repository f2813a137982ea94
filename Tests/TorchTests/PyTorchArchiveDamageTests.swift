import TestSupport
import Testing
import Torch

/// Archives whose numbers do not add up: nothing is allocated or walked by them.
@Suite struct PyTorchArchiveDamageTests {
  typealias P = PickleContent
  typealias Record = ZipContent.Record

  static let good = ZipContent(
    pickle: P.pickle(P.dictionary(P.tensor())), storages: ["0": (0..<16).map { UInt8($0) }])

  /// The good archive with another second record.
  private func error(_ change: (inout ZipContent) -> Void) throws -> String? {
    var zip = Self.good
    change(&zip)
    let error = try PyTorchArchiveRefusalTests.error(bytes: zip.bytes)
    return error.map { "\($0.subject): expected \($0.expected), found \($0.found)" }
  }

  @Test func `ZIP64 numbers and comments are read`() throws {
    #expect(
      try error {
        $0.isZIP64 = true
        $0.comment = Array("PK".utf8)
      } == nil)
  }

  @Test func `records lie where the directory says, whole and with their checksum`() throws {
    #expect(
      try error { $0.records[1].checksum = 1 }
        == "record 'archive/data/0': expected checksum 1, found cecee288")
    #expect(
      try error { $0.records[1].count = 17 }
        == "record 'archive/data/0': expected a length that 16 bytes can hold, found 17")
    #expect(
      try error { $0.records[1].start = 1 }
        == "record 'archive/data.pkl': expected bytes of its own, found an overlap with the record "
        + "after it")
    let far = try error { $0.records[1].start = 999_999 }
    #expect(
      far == "record 'archive/data/0': expected bytes before the directory at 248, found 16 bytes "
        + "from 999999")
    #expect(
      try error { $0.records[1].start = 0 }
        == "record 'archive/data.pkl': expected bytes of its own, found an overlap with the record "
        + "after it")
    // The local header has another name than the directory.
    var bytes = Self.good.bytes
    bytes[31] ^= 1
    let other = try PyTorchArchiveRefusalTests.error(bytes: bytes)
    #expect(other?.subject == "record 'archive/data.pkl'" && other?.found == "other bytes")
    #expect(
      try error {
        $0.isZIP64 = true
        $0.records[1].start = .max
      } == "record 'archive/data/0': expected a length below 2^62, found 18446744073709551615")
    #expect(
      try error { $0.records[1].name = "archive/data.pkl" }
        == "directory: expected different names, found 'archive/data.pkl' twice")
    #expect(
      try error { $0.records[1].flags = 1 }
        == "record 'archive/data/0': expected a record that is not encrypted, found an encrypted one"
    )
    #expect(
      try error { $0.records[1].method = 12 }
        == "record 'archive/data/0': expected a stored or deflated record, found compression method "
        + "12")
  }

  @Test func `what expands beyond DEFLATE's best is refused before memory is taken`() throws {
    #expect(
      try error {
        $0.isZIP64 = true
        $0.records[1].method = 8
        $0.records[1].count = 1 << 40
      } == "record 'archive/data/0': expected a length that 16 bytes can hold, found 1099511627776")
    #expect(
      try error {
        $0.records[1].method = 8
        $0.records[1].count = 16
      }
        == "record 'archive/data/0': expected 16 bytes deflated to 16, found damaged or too few bytes"
    )
  }

  @Test func `missing records are named`() throws {
    #expect(
      try error { $0.records.removeLast() }
        == "file: expected a record 'archive/data/0', found none")
    #expect(
      try error { $0.records.removeFirst() } == "file: expected one record NAME/data.pkl, found 0")
    #expect(
      try error { $0.records.append(Record(name: "archive/byteorder", content: [120])) }
        == "record 'byteorder': expected little or big, found x")
  }

  static let views: [(tensor: [UInt8], found: String)] = [
    (P.tensor(shape: [5]), "shape [5], strides [1], offset 0"),
    (P.tensor(offset: 1), "shape [4], strides [1], offset 1"),
    (P.tensor(shape: [2, 2], strides: [3, 1]), "shape [2, 2], strides [3, 1], offset 0"),
    (
      P.tensor(shape: [.max, 2], strides: [0, 0]),
      "shape [9223372036854775807, 2], strides [0, 0], offset 0"
    ),
    (
      P.tensor(shape: [3], strides: [.max]), "shape [3], strides [9223372036854775807], offset 0"
    ),
    (P.tensor(offset: .max), "shape [4], strides [1], offset 9223372036854775807"),
    (P.tensor(offset: 5, shape: [0]), "shape [0], strides [1], offset 5"),
    (
      P.tensor(shape: [0, .max, .max], strides: [1, 1, 1]),
      "shape [0, 9223372036854775807, 9223372036854775807], strides [1, 1, 1], offset 0"
    ),
  ]

  @Test(arguments: views)
  func `a view stays inside its storage`(_ tensor: [UInt8], _ found: String) throws {
    let error = try #require(
      try PyTorchArchiveRefusalTests.error(pickle: P.pickle(P.dictionary(tensor))))
    #expect(error.kind == .damaged && error.subject == "tensor 'a'")
    #expect(error.expected == "a view inside its storage of 4 elements" && error.found == found)
  }

  @Test(arguments: [
    P.tensor(shape: [-1]), P.tensor(offset: -1), P.tensor(shape: [2, 2]),
    P.tensor(strides: [-1]), P.tensor(P.int(1)),
    P.tensor(shape: .init(repeating: 1, count: 65), strides: .init(repeating: 1, count: 65)),
  ])
  func `a tensor's description has its form`(_ tensor: [UInt8]) throws {
    let error = try #require(
      try PyTorchArchiveRefusalTests.error(pickle: P.pickle(P.dictionary(tensor))))
    #expect(error.kind == .damaged)
    #expect(error.expected == "a tensor's storage, offset, shape and strides")
  }

  @Test func `a storage has the bytes of its elements`() throws {
    for (storage, expected) in [
      (P.storage(count: 5), "5 elements of 4 bytes"),
      (P.storage(count: .max), "9223372036854775807 elements of 4 bytes"),
      (P.storage("LongStorage"), "4 elements of 8 bytes"),
    ] {
      let pickle = P.pickle(P.dictionary(P.tensor(storage, shape: [1])))
      let error = try #require(try PyTorchArchiveRefusalTests.error(pickle: pickle))
      #expect(error.subject == "record 'archive/data/0'" && error.found == "16 bytes")
      #expect(error.expected == expected)
    }
    let flags = P.pickle(P.dictionary(P.tensor(P.storage("BoolStorage"), shape: [4])))
    let error = try PyTorchArchiveRefusalTests.error(pickle: flags, storage: [0, 1, 2, 1])
    #expect(error?.expected == "Booleans of 0 or 1")
  }

  @Test func `one number does not become a terabyte`() throws {
    let tensor = P.tensor(shape: [1 << 20, 1 << 18], strides: [0, 0])
    let huge = try #require(
      try PyTorchArchiveRefusalTests.error(pickle: P.pickle(P.dictionary(tensor))))
    #expect(huge.kind == .limit && huge.found == "1099511627776 bytes")
    #expect(huge.remedy == "save expanded tensors by `tensor.contiguous()`")
    // Nor do many tensors of one storage.
    let expanded = P.tensor(shape: [1 << 18], strides: [0])
    let many = (0..<200).flatMap { P.all(P.text("\($0)"), expanded, P.op("s")) }
    let error = try PyTorchArchiveRefusalTests.error(pickle: P.pickle(P.op("}"), many))
    #expect(error?.kind == .limit)
  }

  @Test func `nesting ends`() throws {
    let deep = 100_000
    let lists = [UInt8](repeating: UInt8(ascii: "]"), count: deep)
    let appends = [UInt8](repeating: UInt8(ascii: "a"), count: deep - 1)
    let nested = P.all(lists, appends)
    // A list inside itself.
    let cycle = P.op("]q\0h\0a")
    // Ten lists of ten lists of ten …, which a few bytes describe.
    var laughs = P.op("]q\0")
    for level in UInt8(1)...20 {
      laughs += P.op("](")
      for _ in 0..<10 { laughs += P.bytes(UInt8(ascii: "h"), level - 1) }
      laughs += P.all(P.op("eq"), P.bytes(level))
    }
    for value in [nested, cycle] {
      let error = try PyTorchArchiveRefusalTests.error(pickle: P.pickle(P.dictionary(value)))
      #expect(error?.kind == .limit)
    }
    let error = try PyTorchArchiveRefusalTests.error(pickle: P.pickle(laughs))
    #expect(error?.kind == .limit)
  }

  struct Broken: Sendable {
    let part: [UInt8]
    let expected: String
    init(_ expected: String, _ parts: [UInt8]...) {
      part = parts.flatMap(\.self)
      self.expected = expected
    }
  }

  static let broken: [Broken] = [
    Broken("a value 7 in the memo", P.op("h\u{7}")),
    Broken("a mark on the stack", P.op("u")),
    Broken("2147483648 more bytes", P.op("X"), le(1 << 31, 4)),
    Broken("a length", P.bytes(0x8d), le(.max, 8)),
    Broken("4611686018427387904 more bytes", P.bytes(0x8e), le(1 << 62, 8)),
    Broken("text in UTF-8", P.op("X"), le(2, 4), P.bytes(0xff, 0xfe)),
    Broken("a list to add to, and whole entries", P.op("NNa")),
    Broken("a dictionary to add to, and whole entries", P.op("}(Nu")),
    Broken("a name of at most 256 bytes", P.op("c"), [UInt8](repeating: 97, count: 300)),
    Broken("an opcode of protocol 2 to 5 for tensors", P.bytes(0xff)),
    Broken("1 values on the stack", P.op("000")),
  ]

  @Test(arguments: broken)
  func `a pickle that breaks off or contradicts itself is damaged`(_ row: Broken) throws {
    let pickle = P.pickle(P.dictionary(row.part))
    let error = try #require(try PyTorchArchiveRefusalTests.error(pickle: pickle))
    #expect(error.kind == .damaged && error.expected == row.expected)
  }
}
