public import Torch

/// The nearest errors that a minimum-norm attack found: an upper bound on every image's distance to its boundary.
public struct MinimumDistances: Sendable {
  /// The nearest misclassified points, of the images' shape; the image itself where none was found.
  public let adversarial: Tensor
  /// Their distances in the attack's norm, `[B]`, float64: 0 where the image is misclassified as it is, ∞ where no error
  /// was found.
  public let distances: Tensor
  public let report: AttackReport
}

extension BoundarySearch {
  /// The nearest errors within ε, the images themselves where there is none.
  func withinBall(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    let limit = threat.epsilon + threat.tolerance(for: images)
    let found = try self(
      images, labels: labels, enough: limit, against: &victim, using: generator)
    let near = (found.distances .<= limit).trueIndices()
    return images.replacing(near, with: found.points.gathering(near))
  }

  /// The nearest errors at any distance, between the checks of `attack`, which must have the ``everywhere`` threat.
  func minimumDistances(
    _ images: Tensor, labels: Tensor, checkedBy attack: some Attack,
    against classifier: Classifier, using generator: Generator
  ) throws(AttackError) -> MinimumDistances {
    try threat.check()
    var distances: Tensor?
    let result = try attack.guarded(images, labels: labels, against: classifier, using: generator) {
      (images, victim) throws(AttackError) in
      let found = try self(images, labels: labels, enough: 0, against: &victim, using: generator)
      distances = found.distances
      return found.points
    }
    return MinimumDistances(
      adversarial: result.adversarial, distances: distances ?? Tensor.zeros([0], dtype: .float64),
      report: result.report)
  }

  /// Every picture is admissible.
  var everywhere: ThreatModel {
    threat.norm == .linf ? .linf(1) : .l2(.greatestFiniteMagnitude)
  }
}
