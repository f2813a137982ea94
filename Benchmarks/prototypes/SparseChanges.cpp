// What convolving only the spikes that changed would cost (docs/performance.md, "Changes that were dropped"): adds
// sparse changes of images' inputs to the outputs of their 3 x 3 convolutions, on one core.
//
//   clang++ -O3 -march=native -o /tmp/sparse Benchmarks/prototypes/SparseChanges.cpp && /tmp/sparse
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>
typedef float V __attribute__((vector_size(64), aligned(4), may_alias));
struct Change { int pixel, channel; float delta; };

int main() {
  struct L { int C, K, S, N; };  // channels in and out, side, images
  for (L l : {L{64, 128, 16, 96}, L{128, 256, 8, 96}, L{256, 256, 8, 96}, L{256, 512, 4, 96},
              L{512, 512, 4, 96}, L{512, 512, 2, 96}})
    for (double density : {0.01, 0.03, 0.1, 0.2}) {
      int P = l.S + 2; // padded, so that no test is in the loop
      std::vector<float> w(size_t(l.C) * 9 * l.K, 0.5f), y(size_t(l.N) * P * P * l.K);
      std::mt19937 g(1);
      std::uniform_real_distribution<> u;
      std::vector<std::vector<Change>> changes(l.N);
      size_t count = 0;
      for (auto& c : changes) {
        for (int p = 0; p < l.S * l.S; ++p)
          for (int k = 0; k < l.C; ++k)
            if (u(g) < density) c.push_back({(p / l.S + 1) * P + p % l.S + 1, k, 1.f});
        count += c.size();
      }
      double best = 1e9;
      for (int rep = 0; rep < 4; ++rep) {
        auto t = std::chrono::steady_clock::now();
        for (int n = 0; n < l.N; ++n) {
          float* image = y.data() + size_t(n) * P * P * l.K;
          for (const Change& c : changes[n]) {
            const float* row = w.data() + size_t(c.channel) * 9 * l.K;
            for (int tap = 0; tap < 9; ++tap, row += l.K) {
              int dy = tap / 3 - 1, dx = tap % 3 - 1;
              float* out = image + (c.pixel + dy * P + dx) * size_t(l.K);
              for (int k = 0; k < l.K; k += 16) *(V*)(out + k) += c.delta * *(const V*)(row + k);
            }
          }
        }
        auto time = std::chrono::steady_clock::now() - t;
        best = std::min(best, std::chrono::duration<double>(time).count());
      }
      double dense = 2.0 * 9 * l.C * l.K * l.S * l.S * l.N;
      printf(
          "%d -> %d, %d x %d, density %.2f: %.2f ms on one core, %.1f GFLOP/s of its own, "
          "%.0f of the direct sum's it replaces\n",
          l.C, l.K, l.S, l.S, density, best * 1e3, count * 18.0 * l.K / best / 1e9,
          dense / best / 1e9);
    }
}
