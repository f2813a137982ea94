import Foundation

/// Damage to a file's bytes, drawn from a seed: what a fuzz test feeds to a reader.
///
/// A reader passes when each mutated input ends in its typed error or in a value whose every invariant holds.
/// Give it several well-formed originals: what is far from any format only tests the first check.
public enum Mutations {
  /// How many mutated inputs a fuzz test tries: `SPIKEGUARD_FUZZ`, or 300.
  public static var count: Int {
    ProcessInfo.processInfo.environment["SPIKEGUARD_FUZZ"].flatMap { Int($0) } ?? 300
  }

  /// The kinds of damage. One input may suffer up to four of them.
  public enum Kind: CaseIterable, Sendable {
    /// The end is missing.
    case truncate
    /// Bytes follow the end.
    case extend
    /// Single bits are changed.
    case flipBits
    /// A piece is copied, moved or removed.
    case splice
    /// An integer of 1, 2, 4 or 8 bytes, of either byte order, is 0, 1, the largest, the smallest or near a
    /// power of two.
    case extremeInteger
    /// One of the first bytes is another one.
    case wrongMagic
    /// A number in text (a run of digits) is another one.
    case textNumber
  }

  /// The bytes with one to four kinds of damage, the same for the same seed.
  public static func of(_ bytes: [UInt8], seed: UInt64) -> [UInt8] {
    var random = MutationRandom(state: seed)
    var result = bytes
    // Mostly one: damage upon damage is found by the first check.
    let rounds = [1, 1, 1, 2, 2, 4][random.below(6)]
    for _ in 0..<rounds {
      apply(Kind.allCases[random.below(Kind.allCases.count)], to: &result, using: &random)
    }
    return result
  }

  /// Applies one kind of damage.
  static func apply(_ kind: Kind, to bytes: inout [UInt8], using random: inout MutationRandom) {
    switch kind {
    case .truncate:
      bytes.removeLast(min(bytes.count, random.length(upTo: bytes.count)))
    case .extend:
      let count = random.length(upTo: 64)
      bytes += (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    case .flipBits:
      guard !bytes.isEmpty else { return }
      for _ in 0...random.below(8) { bytes[random.place(in: bytes)] ^= 1 << random.below(8) }
    case .splice: splice(&bytes, using: &random)
    case .extremeInteger:
      let integer = random.extremeInteger()
      overwrite(&bytes, at: random.place(in: bytes), with: integer)
    case .wrongMagic:
      guard !bytes.isEmpty else { return }
      bytes[random.below(min(16, bytes.count))] = UInt8(truncatingIfNeeded: random.next())
    case .textNumber: changeNumber(&bytes, using: &random)
    }
  }

  private static func splice(_ bytes: inout [UInt8], using random: inout MutationRandom) {
    guard !bytes.isEmpty else { return }
    let start = random.place(in: bytes)
    let end = min(bytes.count, start + random.length(upTo: bytes.count))
    let piece = Array(bytes[start..<end])
    let how = random.below(3)
    if how > 0 { bytes.removeSubrange(start..<end) }  // 0 copies, 1 moves, 2 removes
    if how < 2 { bytes.insert(contentsOf: piece, at: random.below(bytes.count + 1)) }
  }

  private static func overwrite(_ bytes: inout [UInt8], at place: Int, with new: [UInt8]) {
    for (offset, byte) in new.enumerated() where place + offset < bytes.count {
      bytes[place + offset] = byte
    }
  }

  private static func changeNumber(_ bytes: inout [UInt8], using random: inout MutationRandom) {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    // Numbers stand in headers: far into a large file there are only bytes that look like one.
    let starts = bytes.prefix(1 << 16).indices.filter {
      digits.contains(bytes[$0]) && ($0 == 0 || !digits.contains(bytes[$0 - 1]))
    }
    guard !starts.isEmpty else { return }
    let start = starts[random.below(starts.count)]
    let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count
    let numbers = [
      "0", "1", "-1", "255", "65536", "2147483648", "4294967296", "9223372036854775807",
      "9223372036854775808", "18446744073709551616", "1e308", "1e999", "0.5", "-0", "00",
    ]
    bytes.replaceSubrange(start..<end, with: Array(numbers[random.below(numbers.count)].utf8))
  }
}

/// SplitMix64: the numbers behind damage and kills, the same on every machine.
public struct MutationRandom: Sendable {
  var state: UInt64

  public init(state: UInt64) { self.state = state }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// In `0 ..< bound`; 0 for a bound below 1. The slight bias of a remainder does not matter here.
  public mutating func below(_ bound: Int) -> Int { bound < 1 ? 0 : Int(next() % UInt64(bound)) }

  /// From 1 on, small ones as often as large ones.
  mutating func length(upTo limit: Int) -> Int {
    below(2) == 0 ? 1 + below(min(8, limit)) : 1 + below(limit)
  }

  /// An index, every other time among the first 64, where headers are.
  mutating func place(in bytes: [UInt8]) -> Int {
    below(below(2) == 0 ? min(64, bytes.count) : bytes.count)
  }

  mutating func extremeInteger() -> [UInt8] {
    let width = [1, 2, 4, 8][below(4)]
    let bits = UInt64(8 * width)
    let values: [UInt64] = [
      0, 1, .max, 1 << (bits - 1), 1 << (bits - 1) &- 1, 1 << UInt64(below(Int(bits))),
      (1 << UInt64(below(Int(bits)))) &- 1, .max - 1,
    ]
    let value = values[below(values.count)]
    let bytes = (0..<UInt64(width)).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    return below(2) == 0 ? bytes : bytes.reversed()
  }
}
