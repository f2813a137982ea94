import Torch

/// Whether a classifier is a function of the image alone, asked by bits: calls of one shape are computed alike, so
/// equal questions have equal answers unless something else has a say.
struct ClassifierProbe {
  /// A classifier in the state of its birth, its random numbers at their seed.
  let makeClassifier: () -> Classifier
  /// `[B, ...]`, B ≥ 1.
  let images: Tensor

  /// What no image of the probe resembles: the images with dark for bright.
  var others: Tensor { 1 - images }

  /// What has a say beside the images.
  enum Memory {
    case none
    /// Random numbers that a fresh classifier draws again.
    case seededDraws
    /// Random numbers that nothing draws again.
    case draws
    /// Earlier calls.
    case state
  }

  /// Flags of state and chance, and which of them it is.
  func repetition() -> (flags: [AuditFlag], memory: Memory) {
    let count = images.size(0)
    let classifier = makeClassifier()
    let (first, second) = (ask(classifier, images), ask(classifier, images))
    let changed = Self.differing(first, second)
    _ = ask(classifier, others)
    let third = Self.differing(first, ask(classifier, images))
    if changed == 0, third == 0 {
      return (
        [
          AuditFlag(.leakedState, 0, of: count, detail: "the same batch gives the same bits"),
          AuditFlag(.stochastic, 0, of: count, detail: "the same batch gives the same bits"),
        ], .none
      )
    }
    let (dependent, memory, detail) = dependence(second: second)
    let size = max(changed, third)
    guard memory != .state else {
      return (
        [
          AuditFlag(.leakedState, dependent, of: count, detail: detail),
          AuditFlag(.stochastic, notMeasured: "state leaks: chance cannot be told from it"),
        ], memory
      )
    }
    return (
      [
        AuditFlag(.leakedState, 0, of: count, detail: detail),
        AuditFlag(
          .stochastic, size, of: count,
          detail: "asked again, \(size) of \(count) images get other logits; \(detail)"),
      ], memory
    )
  }

  /// How many images' second answers depend on the images of the first call.
  private func dependence(second: Tensor) -> (images: Int, Memory, detail: String) {
    func secondAnswer(after earlier: Tensor) -> Tensor {
      let classifier = makeClassifier()
      _ = ask(classifier, earlier)
      return ask(classifier, images)
    }
    guard Self.differing(second, secondAnswer(after: images)) > 0 else {
      let count = Self.differing(second, secondAnswer(after: others))
      return count == 0
        ? (0, .seededDraws, "its draws follow its seed")
        : (count, .state, "the answers follow the call before")
    }
    let test = MemoryTest(makeClassifier(), asked: images, after: (images, others))
    let p = "p = \(test.probability) over \(MemoryTest.rounds) rounds"
    return test.probability <= MemoryTest.level
      ? (images.size(0), .state, "the answers follow the call before, \(p)")
      : (0, .draws, "its draws follow no seed, and not the call before, \(p)")
  }

  /// Whether an image's logits depend on those beside it: all else, the shape included, stays the same.
  func batchDependence() -> AuditFlag {
    let count = images.size(0)
    let alike = ask(makeClassifier(), .concatenating([images, images]))
    let among = ask(makeClassifier(), .concatenating([images, others]))
    let differing = Self.differing(alike[0..<count], among[0..<count])
    return AuditFlag(
      .batchDependence, differing, of: count,
      detail: "with other companions \(differing) of \(count) images get other logits")
  }

  func softmaxOutput() -> AuditFlag {
    let logits = ask(makeClassifier(), images).converted(to: .float64)
    let one = (logits.sum(along: [1]) - 1).magnitude() .<= 1e-5
    let found = (one .& (logits.min(along: [1]) .>= 0)).trueCount
    return AuditFlag(
      .softmaxOutput, found, of: images.size(0),
      detail: "logits from \(logits.min().item()) to \(logits.max().item())")
  }

  func ask(_ classifier: Classifier, _ images: Tensor) -> Tensor {
    withoutGradients { classifier(images) }.detached()
  }

  /// `[B]`: rows that are not the same to the last bit.
  static func changedRows(_ a: Tensor, _ b: Tensor) -> Tensor {
    .!((a .== b).converted(to: .uint8).min(along: [1]) .== 1)
  }

  static func differing(_ a: Tensor, _ b: Tensor) -> Int { changedRows(a, b).trueCount }
}
