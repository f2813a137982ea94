import Torch

/// Where the random numbers of one chunk come from: fixed by the seed, the stage and the chunk's first image, never
/// by what was drawn before, so that an evaluation that was cut goes on with the same ones.
struct ChunkRandomness {
  /// Keeps the streams of random numbers apart.
  enum Purpose: UInt64 { case attack, attackedClassifier, scoring, probing }

  let seed: UInt64
  let stage: Int
  let firstImage: Int

  /// Each number is mixed into the ones before it, by the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
  func seed(_ purpose: Purpose) -> UInt64 {
    Self.mixed(
      seed, with: [UInt64(bitPattern: Int64(stage)), UInt64(firstImage), purpose.rawValue])
  }

  static func mixed(_ seed: UInt64, with words: [UInt64]) -> UInt64 {
    var state = seed
    for word in words {
      state = mixed(state &+ 0x9E37_79B9_7F4A_7C15) ^ word
    }
    return mixed(state &+ 0x9E37_79B9_7F4A_7C15)
  }

  private static func mixed(_ word: UInt64) -> UInt64 {
    var z = word
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Generator {
  /// A seed that follows from what would be drawn next. Nothing is drawn.
  var upcomingSeed: UInt64 {
    let twin = Generator(seed: 0)
    twin.state = state
    return Tensor.uniform([1], dtype: .float64, using: twin).item().bitPattern
  }
}
