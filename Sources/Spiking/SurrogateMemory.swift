import Synchronization
import Torch

/// What an adaptive surrogate remembers from one iteration of an attack to the next: M and D of every layer, step,
/// neuron and example.
///
/// It belongs to one run of an attack on one batch: make a fresh one for each run (``NamedGradientView``). It moves
/// whenever a gradient is recorded through the network, and stays as it is in calls that record none, such as those
/// which only score an image. A batch of another shape starts the layer afresh, which ``restarts`` counts: examples
/// that left the batch took their rows with them, and nothing says which. Attacks that drop broken images should
/// therefore keep the batch whole under such a view.
public final class SurrogateMemory: Sendable, Equatable {
  /// How many gradients in a row belong to one iteration (expectation over transformation): the first moves the
  /// memory, the others see it as it is, as in the authors' release.
  public let drawsPerIteration: Int
  private let state = Mutex(State())

  private struct State {
    var layers: [Int: Layer] = [:]
    var restarts = 0
  }

  /// One layer's memory, by time step.
  fileprivate struct Layer {
    var steps: [PotentialMoments]
    var calls: Int
  }

  /// - Precondition: at least one draw.
  public init(drawsPerIteration: Int = 1) {
    precondition(
      drawsPerIteration >= 1,
      "SurrogateMemory: an iteration has at least one draw, got \(drawsPerIteration)")
    self.drawsPerIteration = drawsPerIteration
  }

  /// Whether both are the same memory.
  public static func == (a: SurrogateMemory, b: SurrogateMemory) -> Bool { a === b }

  /// How often a layer met a batch of another shape and forgot what it knew.
  public var restarts: Int { state.withLock { $0.restarts } }

  /// M and D of each step in a neuron layer, `[B, …]`; empty before the first gradient.
  public func moments(ofLayer layer: Int) -> [PotentialMoments] {
    state.withLock { $0.layers[layer]?.steps ?? [] }
  }

  /// One walk of a layer through its time steps.
  struct Visit {
    fileprivate let layer: Int
    fileprivate let steps: Int
    fileprivate let moves: Bool
    fileprivate let calls: Int
    fileprivate let before: [PotentialMoments]
    fileprivate var after: [PotentialMoments] = []
    fileprivate var restarted = false

    /// The moments that step t is to use, from u, `[B, …]`.
    mutating func moved(by u: Tensor, at t: Int, _ surrogate: AdaptiveSharpness)
      -> PotentialMoments
    {
      let known = before.count == steps && before[t].mean.shape == u.shape ? before[t] : nil
      if known == nil && !before.isEmpty { restarted = true }
      let moments = known.flatMap { moves ? nil : $0 } ?? surrogate.moved(known, by: u)
      after.append(moments)
      return moments
    }
  }

  func visit(layer: Int, steps: Int) -> Visit {
    let known = state.withLock { $0.layers[layer] }
    let calls = known?.calls ?? 0
    return Visit(
      layer: layer, steps: steps, moves: calls % drawsPerIteration == 0, calls: calls,
      before: known?.steps ?? [])
  }

  func end(_ visit: Visit) {
    state.withLock {
      $0.layers[visit.layer] = Layer(
        steps: visit.after, calls: visit.restarted ? 1 : visit.calls + 1)
      if visit.restarted { $0.restarts += 1 }
    }
  }
}

/// Averages of potentials above threshold: M of |u|, D of ||u| − M|.
public struct PotentialMoments: Sendable {
  public let mean: Tensor
  public let deviation: Tensor
}
