public import Torch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Replaces each gradient by its running mean over the root of its running square, Adam's direction.
///
///     m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²        m = v = 0 at first
///     g ← (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
///
/// with t = 1, 2, … the gradients that this parameter has had. (Kingma and Ba, ICLR 2015, algorithm 1.)
///
/// The place of weight decay says which optimiser it is:
/// - after it, decoupled: `AdamMoments → WeightDecay → LearningRate` is `torch.optim.AdamW`
///   (Loshchilov and Hutter, ICLR 2019, algorithm 2), since p − η (u + λp) = (1 − ηλ) p − ηu;
/// - before it, coupled: `WeightDecay → AdamMoments → LearningRate` is `torch.optim.Adam`.
public struct AdamMoments: GradientTransform {
  public var name: String { "adam" }
  public let beta1: Double
  public let beta2: Double
  public let epsilon: Double
  // Never written after they are made, so that copies of an optimiser do not feel each other.
  private var moments: [String: Moments] = [:]
  private var names: [String] = []

  private struct Moments {
    var first: Tensor
    var second: Tensor
    /// Gradients so far.
    var count: Int
  }

  /// - Precondition: both β lie in 0 ..< 1, ε is not negative.
  public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) {
    precondition(
      (0..<1).contains(beta1) && (0..<1).contains(beta2) && epsilon >= 0,
      "AdamMoments: expected β in 0..<1 and ε ≥ 0, got \(beta1), \(beta2) and \(epsilon)")
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  public mutating func apply(
    to gradients: inout NamedTensors, at parameters: NamedTensors, step: Int
  ) {
    withoutGradients {
      for (name, gradient) in gradients {
        let gradient = gradient.detached()
        let old = moments[name]
        precondition(
          old == nil || old!.first.shape == gradient.shape,
          "AdamMoments: '\(name)' had shape \(old!.first.shape), its gradient has \(gradient.shape)"
        )
        let zeros = old == nil ? Tensor.zeros(like: gradient) : nil
        let new = Moments(
          first: gradient.interpolated(to: old?.first ?? zeros!, by: beta1),
          second: (gradient * gradient * (1 - beta2)).adding(old?.second ?? zeros!, scale: beta2),
          count: (old?.count ?? 0) + 1)
        if old == nil { names.append(name) }
        moments[name] = new
        gradients[name] = direction(new)
      }
    }
  }

  private func direction(_ moments: Moments) -> Tensor {
    let t = Double(moments.count)
    let root = moments.second.squareRoot()
    let denominator = root / (1 - pow(beta2, t)).squareRoot() + epsilon
    return moments.first / denominator / (1 - pow(beta1, t))
  }

  /// For each parameter `first.…` and `second.…`, the moments, and `count.…`, an int64 scalar.
  ///
  /// - Precondition: on setting, the three belong together (as saved).
  public var state: NamedTensors {
    get {
      var all = NamedTensors()
      for name in names {
        let moments = moments[name]!
        all["first." + name] = moments.first.copied()
        all["second." + name] = moments.second.copied()
        all["count." + name] = Tensor(Int64(moments.count))
      }
      return all
    }
    set {
      names = newValue.names.filter { $0.hasPrefix("first.") }.map { String($0.dropFirst(6)) }
      precondition(
        newValue.count == 3 * names.count, "AdamMoments: the state holds other names than its own")
      moments = [:]
      for name in names {
        guard let second = newValue["second." + name], let count = newValue["count." + name] else {
          preconditionFailure("AdamMoments: the state of '\(name)' lacks a moment or its count")
        }
        moments[name] = Moments(
          first: newValue["first." + name]!.detached().copied(),
          second: second.detached().copied(), count: Int(count.item()))
      }
    }
  }

  public var description: String { "AdamMoments(\(beta1), \(beta2), ε \(epsilon))" }
}
