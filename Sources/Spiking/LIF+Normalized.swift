import Layers
import Torch

extension LIF {
  private static let normalizedKernel = linked("spikeguard::lif_normalized")

  /// One kernel where that is possible, to the same bits forward: see
  /// ``Neuron/callAsFunction(_:normalizedBy:averagePooling:_:)``. Where the pass keeps currents, spikes or potentials,
  /// looks at the gradient by another rule or normalises each step by itself, batch norm and pool are layers of their own.
  public func callAsFunction(
    _ current: Signal, normalizedBy normalization: BatchNorm2d, averagePooling: Bool,
    _ pass: inout ForwardPass
  ) -> Signal {
    let view = pass.gradientView ?? GradientView()
    guard
      pass.canFuseNormalization(under: view.rule, steps: current.steps),
      canNormalize(current.values, averagePooling: averagePooling)
    else { return oneByOne(current, normalization, averagePooling, &pass) }
    let statistics = normalization.statistics(
      for: current.values, pass.mode, copies: current.copies)
    let response = viewed(by: view).normalized(
      current, normalization, by: statistics, averagePooling: averagePooling)
    pass.record(
      LayerActivity(
        spikes: response.count,
        opportunities: (averagePooling ? 4 : 1) * response.spikes.count), membrane: nil)
    return Signal(stepped: response.spikes, steps: current.steps)
  }

  /// Whether the kernel takes these images: it wants them channels-last on the CPU, of even height and width to pool.
  func canNormalize(_ x: Tensor, averagePooling: Bool) -> Bool {
    implementation == .fused && x.rank == 4 && x.count > 0 && x.device == .cpu
      && (x.dtype == .float32 || x.dtype == .float64) && x.hasChannelsLast
      && (!averagePooling || (x.size(2).isMultiple(of: 2) && x.size(3).isMultiple(of: 2)))
  }

  /// One call of the kernel that normalises currents in the cache, and averages spikes there.
  private func normalized(
    _ current: Signal, _ normalization: BatchNorm2d, by statistics: ChannelStatistics,
    averagePooling: Bool
  ) -> Response {
    do {
      let results = try Self.normalizedKernel.results(
        current.values, normalization.weight, normalization.bias, statistics.mean,
        statistics.variance, normalization.epsilon, statistics.areOfBatch, averagePooling,
        current.steps, current.isConstant, leak, inputScale, threshold, reset.rawValue,
        detachesReset, surrogate.kernelCode, surrogate.width, surrogateScale,
        temporalGradient == .throughTime, isSpiking, false)
      return Response(spikes: results[0].tensor, membrane: nil, count: results[1].tensor)
    } catch {
      error.trap()
    }
  }
}

extension ForwardPass {
  /// Nothing of what lies between batch norm and pool is asked for.
  fileprivate func canFuseNormalization(under rule: GradientView.Rule, steps: Int) -> Bool {
    let eachStepAlone = mode == .training && batchStatistics == .eachStep && steps > 1
    return rule == .surrogate && trace == nil && nextMembrane == nil && !walksSteps
      && !carriesMembranes && !eachStepAlone
  }
}

extension Tensor {
  /// Whether `[N, C, H, W]` lies in memory as `[N, H, W, C]` without gaps. Strides of one element mean nothing.
  fileprivate var hasChannelsLast: Bool {
    let (channels, height, width) = (size(1), size(2), size(3))
    let dense = [height * width * channels, 1, width * channels, channels]
    return zip(shape, zip(strides, dense)).allSatisfy { $0 == 1 || $1.0 == $1.1 }
  }
}
