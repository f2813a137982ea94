import Torch

extension LIF {
  private static let kernel = linked("spikeguard::lif")
  private static let pooledKernel = linked("spikeguard::lif_pooled")

  private static func linked(_ name: String) -> Operator {
    do { return try Operator(name) } catch {
      fatalError("the spiking kernels are not linked into this program: \(error)")
    }
  }

  /// One call of the kernel that averages spikes over 2 × 2 positions before they reach memory; spikes are
  /// `[T·B, C, H/2, W/2]`.
  ///
  /// - Returns: nil where the kernel does not apply: it wants channels-last images of even height and width on the CPU.
  func fusedAveragePool(_ current: Signal) -> Response? {
    let x = current.values
    guard implementation == .fused, x.rank == 4, x.count > 0, x.device == .cpu,
      x.size(2).isMultiple(of: 2), x.size(3).isMultiple(of: 2), x.hasChannelsLast
    else { return nil }
    do {
      let results = try Self.pooledKernel.results(
        x, current.steps, current.isConstant, leak, inputScale, threshold, reset.rawValue,
        detachesReset, surrogate.kernelCode, surrogate.width, surrogateScale,
        temporalGradient == .throughTime, isSpiking, false)
      return Response(spikes: results[0].tensor, membrane: nil, count: results[1].tensor)
    } catch {
      error.trap()
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

extension Tensor {
  /// Whether `[N, C, H, W]` lies in memory as `[N, H, W, C]` without gaps.
  fileprivate var hasChannelsLast: Bool {
    let (channels, height, width) = (size(1), size(2), size(3))
    return strides == [height * width * channels, 1, width * channels, channels]
  }
}
