import Testing
import Torch

/// Compares a network's gradients by their norms, to 10⁻⁴.
///
/// A convolution's bias before batch norm in training mode has no gradient but rounding's, so a bias is measured
/// against its layer's weight.
public func expectSameGradients(
  _ ours: NamedTensors, _ theirs: NamedTensors, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(Set(ours.names) == Set(theirs.names), sourceLocation: sourceLocation)
  for (name, expected) in theirs {
    guard let gradient = ours[name] else { continue }
    var scale = expected.norm().item()
    if name.hasSuffix("bias"), let weight = theirs[name.dropLast(4) + "weight"] {
      scale = max(scale, weight.norm().item() * (weight.rank == 4 ? 1 : 0))
    }
    let error = (gradient - expected).norm().item()
    #expect(
      error <= 1e-4 * scale, "\(name): off by \(error) of \(scale)", sourceLocation: sourceLocation)
  }
}
