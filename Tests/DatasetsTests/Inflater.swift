/// Deflate, read backwards: RFC 1951 bit by bit, slow and short.
struct Inflater {
  private let bytes: [UInt8]
  private var bit = 0
  private var output: [UInt8] = []

  init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

  mutating func inflate() throws -> [UInt8] {
    var isLast = false
    while !isLast {
      isLast = try take(1) == 1
      switch try take(2) {
      case 0: try copyStored()
      case 1:
        let lengths =
          (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
        try expand(Code(lengths), Code([Int](repeating: 5, count: 30)))
      case 2:
        let (literals, distances) = try codes()
        try expand(literals, distances)
      default: throw PNGReader.Invalid("block type")
      }
    }
    guard (bit + 7) / 8 == bytes.count else { throw PNGReader.Invalid("bytes after the end") }
    return output
  }

  private mutating func take(_ count: Int) throws -> Int {
    var value = 0
    for place in 0..<count {
      guard bit / 8 < bytes.count else { throw PNGReader.Invalid("deflated data end early") }
      value |= Int(bytes[bit / 8] >> UInt8(bit % 8) & 1) << place
      bit += 1
    }
    return value
  }

  private mutating func copyStored() throws {
    bit = (bit + 7) / 8 * 8
    let length = try take(16)
    guard try take(16) == length ^ 0xFFFF else { throw PNGReader.Invalid("stored length") }
    for _ in 0..<length { output.append(UInt8(try take(8))) }
  }

  /// A canonical Huffman code by its lengths.
  private struct Code {
    var symbols: [[Int]: Int] = [:]

    init(_ lengths: [Int]) {
      var code = 0
      for length in 1...15 {
        for symbol in lengths.indices where lengths[symbol] == length {
          symbols[[length, code]] = symbol
          code += 1
        }
        code <<= 1
      }
    }
  }

  private mutating func symbol(_ code: Code) throws -> Int {
    var value = 0
    for length in 1...15 {
      value = value << 1 | (try take(1))
      if let symbol = code.symbols[[length, value]] { return symbol }
    }
    throw PNGReader.Invalid("no such code")
  }

  private mutating func codes() throws -> (Code, Code) {
    let (literals, distances) = (try take(5) + 257, try take(5) + 1)
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    var lengthLengths = [Int](repeating: 0, count: 19)
    for place in 0..<(try take(4) + 4) { lengthLengths[order[place]] = try take(3) }
    let lengthCode = Code(lengthLengths)
    var lengths: [Int] = []
    while lengths.count < literals + distances {
      switch try symbol(lengthCode) {
      case 16: lengths += Array(repeating: lengths.last!, count: try take(2) + 3)
      case 17: lengths += Array(repeating: 0, count: try take(3) + 3)
      case 18: lengths += Array(repeating: 0, count: try take(7) + 11)
      case let length: lengths.append(length)
      }
    }
    return (Code(Array(lengths[..<literals])), Code(Array(lengths[literals...])))
  }

  private mutating func expand(_ literals: Code, _ distances: Code) throws {
    while true {
      let symbol = try symbol(literals)
      if symbol < 256 {
        output.append(UInt8(symbol))
      } else if symbol == 256 {
        return
      } else {
        let length = try Self.lengths[symbol - 257] + take(Self.lengthBits[symbol - 257])
        let code = try self.symbol(distances)
        let distance = try Self.distances[code] + take(Self.distanceBits[code])
        for _ in 0..<length { output.append(output[output.count - distance]) }
      }
    }
  }

  private static let lengthBits =
    [0, 0, 0, 0, 0, 0, 0, 0] + (1...5).flatMap { [$0, $0, $0, $0] } + [0]
  private static let lengths =
    lengthBits.dropLast().reduce(into: [3]) { $0.append($0.last! + 1 << $1) }.prefix(28) + [258]
  private static let distanceBits = [0, 0] + (0...13).flatMap { [$0, $0] }
  private static let distances = distanceBits.dropLast()
    .reduce(into: [1]) { $0.append($0.last! + 1 << $1) }
}
