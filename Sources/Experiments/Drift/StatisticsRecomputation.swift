import Datasets
import Layers
import Spiking
import Torch

/// Batch norm's running statistics made anew from batches, without memory of what they were.
///
/// The mean of the batches' own statistics sₖ under the present weights. A training pass moves r ← (1 − m) r + m s, T times
/// where each step counts by itself, so from r = 0 it leaves (1 − (1 − m)ⁿ) s with n moves.
enum StatisticsRecomputation {
  /// What share of running statistics n moves towards new ones replace: 1 − (1 − m)ⁿ.
  static func replacedShare(moves: Int) -> Double {
    (0..<moves).reduce(0) { share, _ in share + (1 - share) * BatchNorm2d(1).momentum }
  }

  /// How often a training pass moves the running statistics.
  static func moves(_ statistics: BatchStatistics, steps: Int) -> Int {
    statistics == .eachStep ? steps : 1
  }

  /// - Parameters:
  ///   - batches: one or more, of more than one image each.
  ///   - seed: of a stochastic coding.
  /// - Returns: by the buffers' names; the network's own stay as they are.
  static func statistics(
    of network: any SpikingNetwork, _ encoder: any Encoder, over batches: [Batch],
    _ batchStatistics: BatchStatistics, seed: UInt64
  ) -> NamedTensors {
    let kept = NetworkState(of: network)
    defer { kept.put(into: network) }
    let share = replacedShare(moves: moves(batchStatistics, steps: encoder.steps))
    let sums = network.buffers.map { Tensor.zeros(like: $0) }
    withoutGradients {
      for (index, batch) in batches.enumerated() {
        for (_, buffer) in network.buffers { buffer.multiplyInPlace(by: 0) }
        var pass = ForwardPass(
          .training, batchStatistics: batchStatistics,
          using: Generator(seed: seed &+ UInt64(index)))
        _ = network(encoder(batch.images, &pass), &pass)
        for (name, sum) in sums {
          sum.addInPlace(network.buffers[name]!, scale: 1 / (share * Double(batches.count)))
        }
      }
    }
    return sums
  }
}
