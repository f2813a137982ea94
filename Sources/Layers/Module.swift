import Torch

/// A part of a network: parameters that training moves and buffers that it does not differentiate.
///
/// Both share memory with the layer, so an in-place change is seen by it. Names are those of PyTorch's
/// modules (`weight`, `bias`, `running_mean`, `running_var`), so weights can be exchanged.
public protocol Module: Sendable {
  var parameters: NamedTensors { get }
  var buffers: NamedTensors { get }
}

extension Module {
  public var buffers: NamedTensors { [:] }

  /// Parameters and buffers: all that a checkpoint of this module needs.
  public var weights: NamedTensors {
    var all = parameters
    all.merge(buffers)
    return all
  }

  /// Copies values into this module's parameters and buffers.
  ///
  /// PyTorch's `num_batches_tracked` counters are accepted and not used. Nothing is changed when an error is
  /// thrown.
  ///
  /// - Throws: ``WeightsError`` when names or shapes do not fit, or a number is not finite.
  public func load(_ values: NamedTensors) throws(WeightsError) {
    let own = weights
    let given = values.filter { !$0.hasSuffix("num_batches_tracked") }
    let missing = own.names.filter { given[$0] == nil }
    let unknown = given.names.filter { own[$0] == nil }
    guard missing.isEmpty, unknown.isEmpty else { throw .names(missing: missing, unknown: unknown) }
    for (name, target) in own {
      let value = given[name]!
      guard value.shape == target.shape else {
        throw .shape(name: name, expected: target.shape, found: value.shape)
      }
      guard value.isFinite().allTrue() else { throw .notFinite(name: name) }
    }
    withoutGradients { for (name, target) in own { target.copyInPlace(from: given[name]!) } }
  }
}

/// Weights that do not belong to the network they were meant for.
public enum WeightsError: Error, Equatable, CustomStringConvertible {
  case names(missing: [String], unknown: [String])
  case shape(name: String, expected: [Int], found: [Int])
  case notFinite(name: String)

  public var description: String {
    switch self {
    case .names(let missing, let unknown):
      let parts = [list("missing", missing), list("not in this network", unknown)]
      return "the weights belong to another network: "
        + parts.compactMap(\.self).joined(separator: "; ")
        + "; name the model, head, width and classes that they were made for"
    case .shape(let name, let expected, let found):
      return "'\(name)': expected shape \(expected), found \(found); "
        + "name the width, channels, head and classes that the weights were made for"
    case .notFinite(let name):
      return
        "'\(name)' holds infinite or NaN numbers; use a checkpoint from before training diverged"
    }
  }

  private func list(_ title: String, _ names: [String]) -> String? {
    guard !names.isEmpty else { return nil }
    let shown = names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    return "\(title) \(shown)" + (names.count > 3 ? " and \(names.count - 3) more" : "")
  }
}
