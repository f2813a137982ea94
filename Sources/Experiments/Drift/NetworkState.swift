import Layers
import Torch

/// A network's parameters and running statistics as they were at one moment, told apart so that each can be put back
/// without the other.
struct NetworkState {
  var parameters: NamedTensors
  /// Of batch norm; empty of a network without it.
  var statistics: NamedTensors

  init(of network: some Module) {
    parameters = network.parameters.map { $0.detached().copied() }
    statistics = network.buffers.map { $0.copied() }
  }

  /// These parameters with another moment's statistics.
  func with(statistics: NamedTensors) -> NetworkState {
    var state = self
    state.statistics = statistics
    return state
  }

  /// Bit for bit.
  func put(into network: some Module) {
    let own = network.weights
    withoutGradients {
      for (name, value) in parameters { own[name]!.detached().copyInPlace(from: value) }
      for (name, value) in statistics { own[name]!.copyInPlace(from: value) }
    }
  }

  /// ‖θ′ − θ‖ / ‖θ‖ over all parameters.
  func relativeDistance(to other: NetworkState) -> Double {
    withoutGradients {
      var (moved, length) = (0.0, 0.0)
      for (name, value) in parameters {
        let difference = (other.parameters[name]! - value).norm().item()
        let norm = value.norm().item()
        moved += difference * difference
        length += norm * norm
      }
      return length > 0 ? (moved / length).squareRoot() : 0
    }
  }
}
