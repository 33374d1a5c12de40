#!/usr/bin/env python3
"""Writes tests/golden/log_mel: log-mel features by the audio utilities of transformers (NumPy, Slaney's filter bank).

    scripts/golden/log_mel.py DATA      DATA holds fsdd and librispeech_mini
"""
# /// script
# dependencies = ["transformers==5.23.0", "numpy==2.4.6", "soundfile==0.13.1", "safetensors==0.8.0"]
# ///

import pathlib
import sys

import pins

pins.check(__file__)

import numpy as np
import soundfile
from safetensors.numpy import save_file
from transformers.audio_utils import mel_filter_bank, spectrogram

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/log_mel"
SETTINGS = {8000: (200, 80, 256, 40), 16000: (400, 160, 512, 80)}  # window, hop, fft, bands


def log_mel(samples, rate):
    window, hop, fft, mels = SETTINGS[rate]
    bank = mel_filter_bank(fft // 2 + 1, mels, 20.0, rate / 2, rate, norm="slaney", mel_scale="slaney")
    padded = np.pad(samples.astype(np.float64), (0, max(0, window - len(samples))))
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    return spectrogram(padded, hann, window, hop, fft, power=2.0, center=False, mel_filters=bank, mel_floor=1e-10,
                       log_mel="log", dtype=np.float64).T


def normalised(features):
    return (features - features.mean(0)) / np.sqrt(features.var(0) + 1e-5)


def chirp(rate, seconds):
    t = np.arange(int(rate * seconds)) / rate
    return 0.5 * np.sin(2 * np.pi * (50 * t + (0.9 * rate / 2 - 50) * t**2 / (2 * seconds)))


def main():
    data = pathlib.Path(sys.argv[1])
    random = np.random.default_rng(1)
    tensors = {}
    for rate in SETTINGS:
        noise = 0.1 * random.standard_normal(rate // 5)
        sounds = {"chirp": chirp(rate, 0.3), "noise": noise, "empty": noise[:0], "one": noise[:1], "short": noise[:150]}
        for name, sound in sounds.items():
            sound = sound.astype(np.float32)
            tensors[f"{name}.{rate}.samples"] = sound
            tensors[f"{name}.{rate}.features"] = log_mel(sound, rate)
            tensors[f"{name}.{rate}.normalised"] = normalised(log_mel(sound, rate))
    # The beginnings of recordings that are too large for this repository: tests read them where the data is.
    for clip in ["fsdd/recordings/7_jackson_10.wav", "fsdd/recordings/3_theo_5.wav",
                 "librispeech_mini/2911-12359-0007.flac"]:
        samples, rate = soundfile.read(data / clip, dtype="float32")
        tensors[f"{clip}.features"] = log_mel(samples[:int(1.5 * rate)], rate)
    FOLDER.mkdir(parents=True, exist_ok=True)
    save_file({name: np.ascontiguousarray(t, dtype=np.float32) for name, t in tensors.items()},
              FOLDER / "transformers.safetensors")


if __name__ == "__main__":
    main()
