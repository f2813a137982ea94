import Layers
import Models
import Spiking
import Torch

extension VGG {
  /// Gives batch norm the statistics of a batch of noise as its running ones.
  ///
  /// With those of a fresh network no neuron would spike in evaluation mode. A pass in training
  /// mode moves them to r = (1 − m) r₀ + m s, from r₀ = 0 for the mean and 1 for the variance; that
  /// is solved for s.
  func adoptStatistics(_ setting: StepSetting) {
    let images = Tensor.uniform(
      [setting.batchSize, setting.channels, setting.size, setting.size],
      using: Generator(seed: 3))
    withoutGradients {
      var pass = ForwardPass(.training)
      _ = self(setting.encoder(images, &pass), &pass)
      for norm in parts.compactMap({ $0.module as? BatchNorm2d }) {
        let m = norm.momentum
        norm.runningMean.copyInPlace(from: norm.runningMean / m)
        norm.runningVariance.copyInPlace(from: (norm.runningVariance - (1 - m)) / m)
      }
    }
  }
}
