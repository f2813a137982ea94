public import Torch

/// Why an attack did not run, or why its result was withheld.
public enum AttackError: Error, Equatable, Sendable {
  /// Something given to the attack cannot be used.
  case unusable(Subject, expected: String, found: String, remedy: String)
  /// The attack itself is wrong: its output is not an admissible change of the images.
  case brokenPromise(attack: String, threat: ThreatModel, BoundsViolations)
  /// The engine could not differentiate the classifier.
  case engine(TorchError)

  /// What the complaint is about.
  public enum Subject: Equatable, Sendable {
    case setting(String)
    case images, labels, logits, gradient, startingPoints
    /// The output of the attack of that name.
    case output(String)
  }
}

extension AttackError: CustomStringConvertible {
  /// One line: the subject, what was expected, what was found, what to do.
  public var description: String {
    switch self {
    case .unusable(let subject, let expected, let found, let remedy):
      "\(subject): expected \(expected), found \(found); \(remedy)"
    case .brokenPromise(let attack, let threat, let broken):
      "output of \(attack): expected finite pixels in [0, 1] within \(threat), found of "
        + "\(broken.images) images \(broken.nonFinite) not finite, \(broken.outsidePixelRange) "
        + "outside [0, 1], \(broken.outsideBall) outside the ball (largest distance "
        + "\(broken.largestDistance)); this is a fault of the attack, its result is withheld"
    case .engine(let error):
      "gradient: expected a classifier that the engine can differentiate, found \(error); build it of "
        + "recorded operations alone"
    }
  }
}

extension AttackError.Subject: CustomStringConvertible {
  public var description: String {
    switch self {
    case .setting(let name): name
    case .images: "images"
    case .labels: "labels"
    case .logits: "logits"
    case .gradient: "gradient"
    case .startingPoints: "starting points"
    case .output(let attack): "output of \(attack)"
    }
  }
}
