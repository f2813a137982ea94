public import Torch

/// One link of an optimiser's chain: rewrites the gradients on their way to the parameters.
///
/// The contract, which `TransformContractTests` runs over every transform of this module:
/// - names, their order, shapes, element types and memory order of the gradients stay as they are;
/// - parameters are read, never written;
/// - the tensors that came in are not written: a changed gradient is a new tensor (put into the collection),
///   an unchanged one may be passed on;
/// - everything a later step depends on is in ``state``: restored, the transform continues bit for bit.
public protocol GradientTransform: Sendable, CustomStringConvertible {
  /// What this transform's state is filed under in ``Optimizer/state``, as `momentum`.
  var name: String { get }

  /// Rewrites the gradients.
  ///
  /// - Parameters:
  ///   - gradients: by parameter name; may lack parameters and be empty.
  ///   - parameters: what the gradients were taken at; holds every name of `gradients`.
  ///   - step: optimiser steps done before this one: 0 first.
  mutating func apply(to gradients: inout NamedTensors, at parameters: NamedTensors, step: Int)

  /// Copies of what later steps depend on, most often by parameter name. Setting it replaces all of it.
  var state: NamedTensors { get set }
}

extension GradientTransform {
  /// A transform without memory.
  public var state: NamedTensors {
    get { NamedTensors() }
    set {}
  }
}
