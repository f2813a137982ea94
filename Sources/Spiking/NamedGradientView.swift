import Torch

/// A gradient view under the name that reports print and users type.
///
/// Its views are made afresh for each run of an attack (``views()``), since some keep a memory.
public struct NamedGradientView: Sendable {
  public let name: String
  /// One line.
  public let summary: String
  /// The paper or the release that its numbers are from.
  public let source: String
  /// Whether the network's values are others under it: ``GradientView/changesForward``.
  public let changesForward: Bool
  /// Whether a classifier of it remembers the calls before: it then belongs to one run of an attack on one batch.
  public let isStateful: Bool
  private let make: @Sendable (Int) -> [GradientView]

  /// - Parameter views: makes the view from the number of draws in an iteration; several views when their gradients are
  ///   to be averaged.
  /// - Precondition: at least one view. Averaged views leave the network's values alone.
  public init(
    _ name: String, _ summary: String, source: String,
    views: @escaping @Sendable (Int) -> [GradientView]
  ) {
    let sample = views(1)
    precondition(!sample.isEmpty, "NamedGradientView \(name): expected at least one view")
    precondition(
      sample.count == 1 || !sample.contains(where: \.changesForward),
      "NamedGradientView \(name): a view that changes the forward pass cannot be averaged with others"
    )
    self.name = name
    self.summary = summary
    self.source = source
    changesForward = sample.contains(where: \.changesForward)
    isStateful = sample.contains(where: \.isStateful)
    make = views
  }

  /// The view with a fresh memory; several where their gradients are averaged.
  ///
  /// - Parameter drawsPerIteration: gradients in a row that an attack averages (expectation over transformation), so that
  ///   a memory moves once for all of them.
  public func views(drawsPerIteration: Int = 1) -> [GradientView] { make(drawsPerIteration) }

  /// The catalogue's view of that name.
  public static func named(_ name: String) -> NamedGradientView? {
    catalogue.first { $0.name == name }
  }
}

extension SpikingNetwork {
  /// Makes classifiers under a view, each with a memory of its own: call it once for each run of an attack.
  ///
  /// - Parameter drawsPerIteration: gradients in a row that the attack averages; matters to views with a memory.
  public func classifiers(
    _ encoder: some Encoder, under view: NamedGradientView, drawsPerIteration: Int = 1,
    using generator: Generator? = nil
  ) -> () -> (Tensor) -> Tensor {
    {
      self.classifier(
        encoder, averaging: view.views(drawsPerIteration: drawsPerIteration), using: generator)
    }
  }
}
