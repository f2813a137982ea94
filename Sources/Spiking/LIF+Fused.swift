import Torch

extension LIF {
  private static let kernel = linked("spikeguard::lif")

  static func linked(_ name: String) -> Operator {
    do { return try Operator(name) } catch {
      fatalError("the spiking kernels are not linked into this program: \(error)")
    }
  }

  /// One call of the kernel in CTorch, which walks all time steps with the membrane in registers.
  func fused(_ current: Signal, _ membrane: Tensor?, _ keepingMembrane: Bool) -> Response {
    do {
      let results = try Self.kernel.results(
        current.values, membrane, current.steps, current.isConstant, leak, inputScale, threshold,
        reset.rawValue, detachesReset, surrogate.kernelCode, surrogate.width,
        surrogateScale, temporalGradient == .throughTime, isSpiking, keepingMembrane)
      return Response(
        spikes: results[0].tensor, membrane: keepingMembrane ? results[1].tensor : nil,
        count: results[2].tensor)
    } catch {
      error.trap()
    }
  }
}
