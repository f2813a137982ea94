public import Torch

/// The fast adaptive boundary attack: the nearest misclassified point, whatever its distance; kept if within ε.
///
/// Every step looks at the boundaries to all other classes, so it takes one gradient for each class. An image without
/// an error within ε is returned as it was. Later runs start from a random point at ε/2 and see survivors only. Croce
/// and Hein, *Minimally distorted adversarial examples with a fast adaptive boundary attack*, arXiv 1907.02044, with the
/// constants of pyautoattack 0.2.0 (step, projections and mean: ``BoundarySearch``).
public struct FAB: Attack {
  public let threat: ThreatModel
  /// K, gradient steps in each run.
  public let steps: Int
  /// How many runs there are in all; the first starts at the image.
  public let restarts: Int

  public init(_ threat: ThreatModel, steps: Int = 100, restarts: Int = 1) {
    self.threat = threat
    self.steps = steps
    self.restarts = restarts
  }

  public var name: String { "FAB" }
  private var search: BoundarySearch { BoundarySearch(threat, steps: steps, restarts: restarts) }
  public func checkSettings() throws(AttackError) { try search.checkSettings() }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    try search.withinBall(images, labels: labels, against: &victim, using: generator)
  }

  /// How far each image is from the nearest error found, beyond ε too.
  ///
  /// No run leaves an image out. ε only sets the radius of random starts.
  /// - Throws: ``AttackError`` as every attack.
  public func minimumDistances(
    _ images: Tensor, labels: Tensor, against classifier: Classifier, using generator: Generator
  ) throws(AttackError) -> MinimumDistances {
    try search.minimumDistances(
      images, labels: labels, checkedBy: FAB(search.everywhere, steps: steps, restarts: restarts),
      against: classifier, using: generator)
  }
}
