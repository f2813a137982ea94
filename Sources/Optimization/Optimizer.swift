public import Torch

/// A chain of gradient transforms whose result is subtracted from the parameters.
///
/// ```swift
/// var optimizer = Optimizer {
///   DominantSingularDeflation()
///   WeightDecay(5e-4)
///   Momentum(0.9)
///   LearningRate(.cosine(from: 0.1, over: steps))
/// }
/// optimizer.update(network.parameters, with: loss.gradients(of: network.parameters), step: 0)
/// ```
///
/// p ← p − (tₙ ∘ … ∘ t₁)(g). The order is the meaning: `description` prints it. With a last link
/// `LearningRate` and without deflation this is `torch.optim.SGD` (dampening 0, no Nesterov).
public struct Optimizer: Sendable {
  public private(set) var transforms: [any GradientTransform]

  public init(@ChainBuilder _ chain: () -> [any GradientTransform]) { transforms = chain() }

  public init(_ transforms: [any GradientTransform]) { self.transforms = transforms }

  /// Runs the chain and subtracts its result from the parameters, in place and unrecorded.
  ///
  /// - Parameters:
  ///   - parameters: changed in their own memory; those without a gradient stay as they are.
  ///   - gradients: read only.
  ///   - step: optimiser steps done before this one: 0 first.
  /// - Precondition: every gradient has the name and the shape of a parameter.
  public mutating func update(
    _ parameters: NamedTensors, with gradients: NamedTensors, step: Int
  ) {
    withoutGradients {
      var gradients = gradients
      for (name, gradient) in gradients {
        guard let parameter = parameters[name] else {
          preconditionFailure("update: a gradient is named '\(name)', no parameter is")
        }
        precondition(
          gradient.shape == parameter.shape,
          "update: '\(name)' has shape \(parameter.shape), its gradient \(gradient.shape)")
      }
      // A rate at the end is applied in the subtraction itself: one pass over the memory instead of two.
      let rate = transforms.last as? LearningRate
      for index in rate == nil ? transforms.indices : transforms.indices.dropLast() {
        transforms[index].apply(to: &gradients, at: parameters, step: step)
      }
      let scale = rate.map { -$0.schedule(step) } ?? -1
      for (name, gradient) in gradients {
        parameters[name]!.detached().addInPlace(gradient, scale: scale)
      }
    }
  }

  /// The first transform of a type: `optimizer.first(DominantSingularDeflation.self)?.report`.
  public func first<T: GradientTransform>(_ type: T.Type) -> T? {
    transforms.lazy.compactMap { $0 as? T }.first
  }
}

extension Optimizer {
  /// Everything a later step depends on, copied, by `transform.parameter`: `momentum.layer1.0.weight`.
  ///
  /// A second transform of the same name files under `momentum2`, and so on. Restored into an optimiser of
  /// the same chain, training continues bit for bit.
  ///
  /// - Precondition: on setting, every name belongs to a transform of this chain (``strangers(in:)``).
  public var state: NamedTensors {
    get {
      var all = NamedTensors()
      for (transform, prefix) in zip(transforms, prefixes) {
        all.merge(transform.state.prefixed(prefix))
      }
      return all
    }
    set {
      let unknown = strangers(in: newValue)
      precondition(
        unknown.isEmpty, "optimiser state '\(unknown.first ?? "")' fits no transform of \(self)")
      for (index, prefix) in zip(transforms.indices, prefixes) {
        transforms[index].state = NamedTensors(
          newValue.filter { $0.hasPrefix(prefix) }
            .map { (String($0.name.dropFirst(prefix.count)), $0.tensor) })
      }
    }
  }

  /// Names in a saved state that belong to no transform of this chain: ask before restoring from a file.
  public func strangers(in state: NamedTensors) -> [String] {
    state.names.filter { name in !prefixes.contains { name.hasPrefix($0) } }
  }

  private var prefixes: [String] {
    var seen: [String: Int] = [:]
    return transforms.map { transform in
      let occurrence = seen[transform.name, default: 0] + 1
      seen[transform.name] = occurrence
      return transform.name + (occurrence == 1 ? "." : "\(occurrence).")
    }
  }
}

extension Optimizer: CustomStringConvertible {
  /// The chain in its order, as `WeightDecay(0.0005) → Momentum(0.9) → LearningRate(0.1)`.
  public var description: String {
    transforms.isEmpty ? "subtract" : transforms.map(\.description).joined(separator: " → ")
  }
}

/// Lets a chain be written as a block, one transform a line, with `if`, `for` and optional lines.
@resultBuilder
public enum ChainBuilder {
  public static func buildExpression(_ one: any GradientTransform) -> [any GradientTransform] {
    [one]
  }
  public static func buildExpression(_ some: [any GradientTransform]) -> [any GradientTransform] {
    some
  }
  public static func buildBlock(_ parts: [any GradientTransform]...) -> [any GradientTransform] {
    parts.flatMap { $0 }
  }
  public static func buildOptional(_ part: [any GradientTransform]?) -> [any GradientTransform] {
    part ?? []
  }
  public static func buildEither(first: [any GradientTransform]) -> [any GradientTransform] {
    first
  }
  public static func buildEither(second: [any GradientTransform]) -> [any GradientTransform] {
    second
  }
  public static func buildArray(_ parts: [[any GradientTransform]]) -> [any GradientTransform] {
    parts.flatMap { $0 }
  }
}
