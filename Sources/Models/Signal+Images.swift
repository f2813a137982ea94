import Layers
import Spiking
import Torch

extension Signal {
  /// Images as a network's first layer takes them, in the memory order that its convolutions like best.
  func normalized(by normalization: PixelNormalization) -> Signal {
    map { normalization($0).contiguous(.channelsLast) }
  }

  /// `[N, C, H, W]` → `[N, C]`
  var meanOverPositions: Signal { map { $0.adaptiveAveragePool2d(1).flattened(from: 1) } }
}
