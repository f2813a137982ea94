public import Torch

/// The fast adaptive boundary attack towards one class at a time, the classes of highest clean logits first.
///
/// One gradient a step instead of one for each class: `FAB-T` of AutoAttack. The result need not be of the target class.
/// Images with an error within ε are left out of what follows; the others are returned as they were. Where there are
/// fewer other classes than `targets`, all of them are tried. arXiv 1907.02044 and 2003.01690, as pyautoattack 0.2.0 has
/// it.
public struct TargetedFAB: Attack {
  public let threat: ThreatModel
  /// K, gradient steps in each run.
  public let steps: Int
  /// How many other classes are tried at most.
  public let targets: Int
  /// Runs for each target; the first starts at the image, others at a random point at ε/2.
  public let restarts: Int

  public init(_ threat: ThreatModel, steps: Int = 100, targets: Int = 9, restarts: Int = 1) {
    self.threat = threat
    self.steps = steps
    self.targets = targets
    self.restarts = restarts
  }

  public var name: String { "FAB-T" }
  private var search: BoundarySearch {
    BoundarySearch(threat, steps: steps, restarts: restarts, targets: targets)
  }
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
      images, labels: labels,
      checkedBy: TargetedFAB(
        search.everywhere, steps: steps, targets: targets, restarts: restarts),
      against: classifier, using: generator)
  }
}
