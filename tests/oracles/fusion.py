"""RoI-aware fusion of one person (Eq. 4): u_m = sum_n w_mn h_n, w_m. = softmax_n(score)."""

from __future__ import annotations

import math

import numpy as np

from oracles.positional_encoding import encode


def linear(x, weight, bias):
    """y = W x + b for one vector."""
    return np.asarray(weight, dtype=np.float64) @ np.asarray(x) + np.asarray(bias, dtype=np.float64)


def softmax(scores):
    """Softmax of a short list."""
    top = max(scores)
    exps = [math.exp(s - top) for s in scores]
    return np.array([e / sum(exps) for e in exps])


def relation_code(bbox_info, m, n, relation, num_freqs):
    """gamma_mn of one pair of RoIs; an empty vector for `none`."""
    if relation == 'subtract_then_encode':
        return encode(bbox_info[m] - bbox_info[n], num_freqs)
    if relation == 'encode_then_subtract':
        return encode(bbox_info[m], num_freqs) - encode(bbox_info[n], num_freqs)
    if relation == 'absolute':
        return encode(bbox_info[n], num_freqs)
    assert relation == 'none', relation
    return np.zeros(0)


def row_linear(h, codes, params):
    """Scores of row m with one Linear(d + 195 -> 1), as printed."""
    w, b = params['score']
    return [linear(np.concatenate([h[n], codes[n]]), w, b)[0] for n in range(len(h))]


def row_pair_mlp(h, codes, params):
    """Scores of row m with Linear - Tanh - Linear on each pair."""
    scores = []
    for n in range(len(h)):
        hidden = np.tanh(linear(np.concatenate([h[n], codes[n]]), *params['hidden']))
        scores.append(linear(hidden, *params['score'])[0])
    return scores


def row_mlp(h, codes, params):
    """Scores of row m with the released network: reduce per n, concatenate, three layers."""
    reduced = [linear(np.concatenate([h[n], codes[n]]), *params['reduce']) for n in range(len(h))]
    x = np.concatenate(reduced)
    for layer in params['layers']:
        x = np.tanh(linear(x, *layer))
    return list(x)


ROWS = {'linear': row_linear, 'pair_mlp': row_pair_mlp, 'mlp': row_mlp}


def fuse(h, bbox_info, score, relation, num_freqs, params):
    """Fused features (M, D) and weights (M, M) of one person."""
    h = np.asarray(h, dtype=np.float64)
    bbox_info = np.asarray(bbox_info, dtype=np.float64)
    num_rois = len(h)
    if score == 'none':
        return h.copy(), np.eye(num_rois)
    weights, fused = [], []
    for m in range(num_rois):
        codes = [relation_code(bbox_info, m, n, relation, num_freqs) for n in range(num_rois)]
        row = softmax(ROWS[score](h, codes, params))
        weights.append(row)
        fused.append(sum(row[n] * h[n] for n in range(num_rois)))
    return np.array(fused), np.array(weights)


def layer_norm(x, weight, bias, eps=1e-5):
    """LayerNorm of one vector."""
    return (x - x.mean()) / math.sqrt(x.var() + eps) * np.asarray(weight) + np.asarray(bias)


def self_attention(h, bbox_info, num_freqs, params, num_heads=4):
    """Ablation: attention over the tokens h_m (+) gamma(B_m); the value sees h_m alone.

    Returns the fused features (M, D) and the weights (M, M) averaged over the heads.
    """
    h = np.asarray(h, dtype=np.float64)
    tokens = [np.concatenate([h_m, encode(b_m, num_freqs)]) for h_m, b_m in zip(h, bbox_info)]
    q = [linear(t, *params['query']) for t in tokens]
    k = [linear(t, *params['key']) for t in tokens]
    v = [linear(h_m, *params['value']) for h_m in h]
    dim, dim_v = len(q[0]) // num_heads, len(v[0]) // num_heads
    fused, mean_weights = [], np.zeros((len(h), len(h)))
    for m in range(len(h)):
        heads = []
        for i in range(num_heads):
            part, part_v = slice(i * dim, (i + 1) * dim), slice(i * dim_v, (i + 1) * dim_v)
            row = softmax([q[m][part] @ k[n][part] / math.sqrt(dim) for n in range(len(h))])
            mean_weights[m] += row / num_heads
            heads.append(sum(row[n] * v[n][part_v] for n in range(len(h))))
        fused.append(layer_norm(linear(np.concatenate(heads), *params['out']), *params['norm']))
    return np.array(fused), mean_weights
