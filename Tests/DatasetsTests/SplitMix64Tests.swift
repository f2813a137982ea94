import Testing

@testable import Datasets

@Suite struct SplitMix64Tests {
  @Test("The published outputs: Vigna's for seed 0, Rosetta Code's for seed 1234567")
  func vectors() {
    var zero = SplitMix64(seed: 0)
    let first: [UInt64] = [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]
    #expect((0..<3).map { _ in zero.next() } == first)
    var other = SplitMix64(seed: 1_234_567)
    let second: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    #expect((0..<5).map { _ in other.next() } == second)
  }

  /// The expected values come from a Python twin of ten lines. They keep old runs repeatable: a change of
  /// key, of the bounded draw or of the shuffle's direction fails here.
  @Test func keysAndPermutationsAreWhatTheyWere() {
    var a = SplitMix64(seed: 7, key: 1, 0)
    #expect(a.permutation(10) == [2, 0, 4, 9, 6, 5, 8, 3, 7, 1])
    var b = SplitMix64(seed: 7, key: 1, 1)
    #expect(b.permutation(10) == [2, 0, 9, 3, 4, 6, 8, 7, 5, 1])
    var c = SplitMix64(seed: 8, key: 1, 0)
    #expect(c.permutation(10) == [2, 4, 9, 3, 0, 5, 1, 7, 6, 8])
  }

  @Test("A draw that would be biased is rejected")
  func rejection() {
    var random = SplitMix64(seed: 6)
    #expect(random.below(3 << 61) == 3_087_388_118_475_518_937)
  }

  @Test("Every key word matters, and so does its place")
  func keysDiffer() {
    let keys: [[UInt64]] = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    let outputs = keys.map { key -> UInt64 in
      var random = SplitMix64(seed: 5, key: key[0], key[1], key[2])
      return random.next()
    }
    #expect(Set(outputs).count == keys.count)
  }

  @Test("All values below a bound come equally often (chi-square, 5 degrees, p = 10⁻⁶)")
  func uniform() {
    var random = SplitMix64(seed: 11)
    var counts = [Int](repeating: 0, count: 6)
    for _ in 0..<60_000 { counts[random.below(6)] += 1 }
    let statistic = counts.map { Double(($0 - 10_000) * ($0 - 10_000)) / 10_000 }.reduce(0, +)
    #expect(statistic < 35.9)
  }
}
