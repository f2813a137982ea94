import Testing

@testable import TestSupport

@Suite struct MutationTests {
  static let original = Array("magic {\"shape\":[12,345],\"at\":678}".utf8) + (0...255)

  @Test func `damage depends on the seed only, and seeds differ`() {
    let results = (0..<200).map { Mutations.of(Self.original, seed: $0) }
    #expect(results == (0..<200).map { Mutations.of(Self.original, seed: $0) })
    #expect(Set(results).count > 150)
    // Damage may undo itself or write what was there, but seldom.
    #expect(results.count { $0 == Self.original } < 20)
  }

  @Test func `empty and tiny inputs survive`() {
    for count in 0...3 {
      for seed in 0..<500 as Range<UInt64> {
        _ = Mutations.of(Array(repeating: 55, count: count), seed: seed)
      }
    }
  }

  @Test(arguments: Mutations.Kind.allCases)
  func `each kind does what it says`(_ kind: Mutations.Kind) {
    let original = Self.original
    var changed = 0
    for seed in 0..<100 as Range<UInt64> {
      var random = MutationRandom(state: seed)
      var bytes = original
      Mutations.apply(kind, to: &bytes, using: &random)
      changed += bytes == original ? 0 : 1
      switch kind {
      case .truncate:
        #expect(bytes.count < original.count && original.starts(with: bytes))
      case .extend:
        #expect(bytes.count > original.count && bytes.starts(with: original))
      case .flipBits:
        #expect(bytes.count == original.count)
        #expect(zip(bytes, original).map { ($0 ^ $1).nonzeroBitCount }.reduce(0, +) <= 8)
      case .splice: break
      case .extremeInteger:
        #expect(bytes.count == original.count)
        let places = original.indices.filter { bytes[$0] != original[$0] }
        #expect((places.last ?? 0) - (places.first ?? 0) < 8)
      case .wrongMagic: #expect(bytes.dropFirst(16) == original.dropFirst(16))
      case .textNumber:
        #expect(bytes.starts(with: Array("magic {\"shape\":[".utf8)))
        #expect(bytes.suffix(190) == original.suffix(190))
      }
    }
    #expect(changed > 60, "\(changed) of 100 changed anything")
  }

  @Test func `splicing copies, moves and removes`() {
    let counts = (0..<100 as Range<UInt64>).map { seed in
      var random = MutationRandom(state: seed)
      var bytes = Self.original
      Mutations.apply(.splice, to: &bytes, using: &random)
      return bytes.count - Self.original.count
    }
    #expect(counts.contains { $0 > 0 } && counts.contains(0) && counts.contains { $0 < 0 })
  }
}
