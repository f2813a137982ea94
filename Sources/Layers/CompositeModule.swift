import Torch

/// A module made of other modules, whose names begin with the part's: `conv1` gives `conv1.weight`.
public protocol CompositeModule: Module {
  var parts: [(name: String, module: any Module)] { get }
}

extension CompositeModule {
  public var parameters: NamedTensors { gatheredParameters }
  /// Those of all parts, for a module that adds some of its own.
  public var gatheredParameters: NamedTensors { gathered(\.parameters) }
  public var buffers: NamedTensors { gathered(\.buffers) }

  private func gathered(_ tensors: (any Module) -> NamedTensors) -> NamedTensors {
    var all = NamedTensors()
    for (name, module) in parts { all.merge(tensors(module).prefixed(name + ".")) }
    return all
  }
}
