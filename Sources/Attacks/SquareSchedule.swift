import Torch

/// The side of ``Square``'s squares, query by query: p starts at `initialShare` and is halved after 10, 50, 200, 500,
/// 1000, 2000, 4000, 6000 and 8000 queries of 10,000. arXiv 1912.00049, section 5.
struct SquareSchedule {
  let initialShare: Double
  /// How many queries there are, for a schedule that is compressed to them; nil for one of 10,000.
  let queries: Int?

  private static let halvings = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000]

  /// p at a query, counted from 0.
  func share(_ query: Int) -> Double {
    let place = queries.map { Int(Double(query) / Double($0) * 10_000) } ?? query
    return Self.halvings.filter { $0 < place }.reduce(initialShare) { share, _ in share / 2 }
  }

  /// √(p H W), rounded; at most the shorter side of the picture.
  ///
  /// - Parameters:
  ///   - images: `[B, C, H, W]`.
  ///   - odd: for L2, whose squares have a middle: at least 3 and odd, unless the picture is too small.
  func side(query: Int, of images: Tensor, odd: Bool) -> Int {
    let (height, width) = (images.size(2), images.size(3))
    let side = Int(
      (share(query) * Double(height * width)).squareRoot().rounded(.toNearestOrEven))
    let wanted = odd ? max(side, 3) | 1 : max(side, 1)
    return min(wanted, height, width)
  }
}
