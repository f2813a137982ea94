public import Torch

/// What an attack climbs: one number for each image, larger where the classifier is further from its label.
///
/// z are the logits, y the label, z₍₁₎ ≥ z₍₂₎ ≥ … the logits in falling order. Croce and Hein, *Reliable
/// evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks*, arXiv 2003.01690,
/// section 4 and equations 6 and 7.
public enum AttackLoss: Sendable {
  /// −log softmax(z)_y. It vanishes in float32 when logits are large.
  case crossEntropy
  /// max_{i ≠ y} z_i − z_y: positive where the classifier errs.
  case margin
  /// The difference of logits ratio −(z_y − max_{i ≠ y} z_i)/(z₍₁₎ − z₍₃₎ + 1e-12): free of the logits' scale and
  /// offset. Needs three classes; where y is third its gradient is 0.
  case logitRatio
  /// −(z_y − z_t)/(z₍₁₎ − ½(z₍₃₎ + z₍₄₎) + 1e-12) for a target class t of each image, int64 `[B]`. Needs four.
  case targetedLogitRatio(targets: Tensor)

  /// As it stands in an attack's name.
  public var name: String {
    switch self {
    case .crossEntropy: "CE"
    case .margin: "margin"
    case .logitRatio: "DLR"
    case .targetedLogitRatio: "T"
    }
  }

  /// The fewest classes for which the loss is defined.
  public var fewestClasses: Int {
    switch self {
    case .crossEntropy, .margin: 2
    case .logitRatio: 3
    case .targetedLogitRatio: 4
    }
  }

  /// The loss of each image, `[B]`.
  ///
  /// - Parameters:
  ///   - logits: `[B, classes]`.
  ///   - labels: int64 `[B]`.
  /// - Throws: ``AttackError`` where there are fewer classes than the loss needs.
  public func callAsFunction(_ logits: Tensor, _ labels: Tensor) throws(AttackError) -> Tensor {
    let classes = logits.size(1)
    guard classes >= fewestClasses else {
      throw .unusable(
        .logits, expected: "at least \(fewestClasses) classes for the loss \(name)",
        found: "\(classes)", remedy: "use cross-entropy or the margin")
    }
    switch self {
    case .crossEntropy: return logits.crossEntropy(labels, reduction: .none)
    case .margin: return Self.rival(logits, labels) - Self.own(logits, labels)
    case .logitRatio:
      let sorted = logits.largest(3).values
      let spread = sorted.selecting(0, along: 1) - sorted.selecting(2, along: 1)
      return (Self.rival(logits, labels) - Self.own(logits, labels)) / (spread + 1e-12)
    case .targetedLogitRatio(let targets):
      let sorted = logits.largest(4).values
      let lower = sorted.selecting(2, along: 1) + sorted.selecting(3, along: 1)
      return (Self.own(logits, targets) - Self.own(logits, labels))
        / (sorted.selecting(0, along: 1) - lower * 0.5 + 1e-12)
    }
  }

  /// The loss for some of the images, given by their rows: int64.
  func gathering(_ rows: Tensor) -> AttackLoss {
    switch self {
    case .crossEntropy, .margin, .logitRatio: self
    case .targetedLogitRatio(let targets): .targetedLogitRatio(targets: targets.gathering(rows))
    }
  }

  private static func own(_ logits: Tensor, _ classes: Tensor) -> Tensor {
    logits.picking(classes.unsqueezed(1), along: 1).squeezed(1)
  }

  /// The largest logit of another class.
  private static func rival(_ logits: Tensor, _ labels: Tensor) -> Tensor {
    let top = logits.detached().largest(2).indices
    let first = top.selecting(0, along: 1)
    let rivals = Tensor.select(first .== labels, top.selecting(1, along: 1), first)
    return own(logits, rivals)
  }
}
