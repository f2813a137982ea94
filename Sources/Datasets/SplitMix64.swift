/// Steele, Lea and Flood's SplitMix64, keyed by numbers that say what the randomness is for.
///
///     state += 0x9e3779b97f4a7c15;  output = mix(state)
///
/// A source costs one word and nothing to make, so every (seed, epoch, sample) has one of its own, and what
/// a sample gets does not depend on which thread takes it or what was drawn before. Not for secrets.
/// Reference: "Fast splittable pseudorandom number generators", OOPSLA 2014; the constants are Vigna's
/// https://prng.di.unimi.it/splitmix64.c.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A source of its own for each list of numbers: every number is mixed into the state of the one before.
  init(seed: UInt64, key: UInt64...) {
    var source = SplitMix64(seed: seed)
    for word in key { source.state = source.next() ^ word }
    state = source.next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Uniform in `0 ..< bound`, by Lemire's multiplication, without bias.
  ///
  /// The standard library's own does the same today, but does not promise the same numbers tomorrow.
  mutating func below(_ bound: Int) -> Int {
    let bound = UInt64(bound)
    var (high, low) = next().multipliedFullWidth(by: bound)
    let rejected = (0 &- bound) % bound
    while low < rejected { (high, low) = next().multipliedFullWidth(by: bound) }
    return Int(high)
  }

  /// `0 ..< count` in random order (Fisher and Yates).
  mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, below(last + 1)) }
    return order
  }
}
