import Foundation

/// An event of TensorBoard as the wire format holds it, read without any of the writer's code.
public struct ReadEvent: Equatable, Sendable {
  public var time = 0.0
  public var step = 0
  public var version: String?
  public var scalars: [String: Float] = [:]
  public var histograms: [String: Histogram] = [:]

  public struct Histogram: Equatable, Sendable {
    public var numbers: [Int: Double] = [:]  // min, max, num, sum, sum_squares by field
    public var limits: [Double] = []
    public var counts: [Double] = []
  }

  public struct Damage: Error {}

  /// All events of a file; both checksums of each record are compared.
  public static func all(_ path: String) throws -> [ReadEvent] {
    var rest = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))[...]
    var events: [ReadEvent] = []
    while !rest.isEmpty {
      guard rest.count >= 16 else { throw Damage() }
      let count = Int(number(rest.prefix(8)))
      guard rest.count >= 16 + count,
        number(rest.dropFirst(8).prefix(4)) == UInt64(masked(rest.prefix(8)))
      else { throw Damage() }
      let data = rest.dropFirst(12).prefix(count)
      guard number(rest.dropFirst(12 + count).prefix(4)) == UInt64(masked(data)) else {
        throw Damage()
      }
      events.append(try ReadEvent(data))
      rest = rest.dropFirst(16 + count)
    }
    return events
  }

  /// CRC-32C bit by bit, turned by 15 bits and moved, as records hold it.
  private static func masked(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    let sum = ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 * 0x82f6_3b78) }
    }
    return (sum >> 15 | sum << 17) &+ 0xa282_ead8
  }

  private init(_ data: ArraySlice<UInt8>) throws {
    for (field, value) in try Self.fields(data) {
      switch field {
      case 1: time = value.double
      case 2: step = Int(truncatingIfNeeded: value.number)
      case 3: version = String(decoding: value.bytes, as: UTF8.self)
      case 5:
        for (field, value) in try Self.fields(value.bytes) where field == 1 {
          try add(Self.fields(value.bytes))
        }
      default: throw Damage()
      }
    }
  }

  private mutating func add(_ fields: [(Int, Value)]) throws {
    var tag = ""
    for (field, value) in fields {
      switch field {
      case 1: tag = String(decoding: value.bytes, as: UTF8.self)
      case 2: scalars[tag] = Float(bitPattern: UInt32(value.number))
      case 5: histograms[tag] = try Self.histogram(value.bytes)
      default: throw Damage()
      }
    }
  }

  private static func histogram(_ data: ArraySlice<UInt8>) throws -> Histogram {
    var result = Histogram()
    for (field, value) in try fields(data) {
      let packed = stride(from: 0, to: value.bytes.count, by: 8).map {
        Double(bitPattern: number(value.bytes.dropFirst($0).prefix(8)))
      }
      switch field {
      case 1...5: result.numbers[field] = value.double
      case 6: result.limits = packed
      case 7: result.counts = packed
      default: throw Damage()
      }
    }
    return result
  }

  private struct Value {
    var number: UInt64 = 0
    var bytes: ArraySlice<UInt8> = []
    var double: Double { Double(bitPattern: number) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Field numbers and values of a message of protocol buffers.
  private static func fields(_ data: ArraySlice<UInt8>) throws -> [(Int, Value)] {
    var rest = data
    func varint() throws -> UInt64 {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while let byte = rest.popFirst() {
        value |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
      throw Damage()
    }
    func take(_ count: Int) throws -> ArraySlice<UInt8> {
      guard rest.count >= count else { throw Damage() }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
    var result: [(Int, Value)] = []
    while !rest.isEmpty {
      let key = try varint()
      var value = Value()
      switch key & 7 {
      case 0: value.number = try varint()
      case 1: value.number = number(try take(8))
      case 2: value.bytes = try take(Int(varint()))
      case 5: value.number = number(try take(4))
      default: throw Damage()
      }
      result.append((Int(key >> 3), value))
    }
    return result
  }
}
