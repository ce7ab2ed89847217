"""What readers of a report need to know about each metric."""

__all__ = ["BETTER", "GROUPS", "describe"]

BETTER = {"lower": "lower", "higher": "higher", "floor": "near the floor"}

# Group, then metric: label and meaning. A suffix stands for any feature extractor.
GROUPS = {
    "Reconstruction of held-out images": {
        "squared_error": (
            "Squared error",
            "summed over the pixels of an image in [0, 1], the paper's unit",
        ),
        "mse": ("Squared error per pixel", "the same, mean over pixels"),
        "psnr": ("PSNR, dB", "peak signal to noise ratio"),
        "ssim": ("SSIM", "structural similarity, 1 for equal images"),
    },
    "Sharpness": {
        "sharpness_samples": (
            "Sharpness of samples",
            "variance after a Laplace filter; the floor is that of real images",
        ),
        "sharpness_reconstructions": ("Sharpness of reconstructions", "likewise"),
        "power_spectrum_samples": (
            "Power spectrum of samples",
            "root mean square, over frequencies, of the log ratio to real images",
        ),
        "power_spectrum_reconstructions": ("Power spectrum of reconstructions", "likewise"),
    },
    "Samples against real images": {
        "fid": ("FID", "Frechet distance between Inception features"),
        "kid": ("KID", "kernel distance between Inception features; around 0 for equal sets"),
        "_fd": ("Frechet distance", "between Gaussians fitted to the features"),
        "_kd": ("Kernel distance", "unbiased; around 0 for equal sets"),
        "precision": ("Precision", "share of samples in a neighbourhood of real images"),
        "recall": ("Recall", "share of real images in a neighbourhood of samples"),
        "density": ("Density", "real neighbourhoods about a sample; 1 for equal sets"),
        "coverage": ("Coverage", "share of real neighbourhoods with a sample in them"),
        "classes_found": ("Classes found", "those that a classifier sees among the samples"),
        "rarest_class_share": (
            "Share of the rarest class",
            "of the samples, as the classifier sees them",
        ),
        "class_distance": (
            "Distance of class shares",
            "total variation: 0 where all classes are as frequent as in real images, 1 at most",
        ),
        "sliced_wasserstein": (
            "Sliced Wasserstein distance",
            "between patches, times 1,000, mean over the levels of a Laplacian pyramid",
        ),
        "sliced_wasserstein_": ("- level {0}", "images of height {0}"),
        "ms_ssim": (
            "MS-SSIM between pairs",
            "higher than that of real images: less diverse",
        ),
    },
    "Codes against the prior": {
        "latent_mmd": ("MMD, squared", "unbiased; around 0 where codes follow the prior"),
        "latent_mean_error": ("Error of the mean", "length of the difference"),
        "latent_covariance_error": ("Error of the covariance", "Frobenius norm"),
        "latent_mardia_skewness": ("Mardia's skewness", "of all dimensions together"),
        "latent_mardia_kurtosis": ("Mardia's kurtosis", "of all dimensions together"),
        "latent_ks_max": (
            "Kolmogorov-Smirnov",
            "largest difference of distribution functions in one dimension",
        ),
        "latent_effective_dimension": (
            "Effective dimension",
            "participation ratio of the covariance",
        ),
        "sampler_mmd": (
            "MMD of the sampler, squared",
            "between its draws and codes that it was not fitted to",
        ),
    },
    "Memorisation": {
        "memorisation_ratio": (
            "Distance ratio",
            "nearest training image, of samples over test images; far below 1 means copies",
        ),
        "memorisation_close_share": (
            "Close share",
            "samples nearer to training than all but 1% of test images",
        ),
        "memorisation_reconstructions": (
            "Distance ratio of reconstructions",
            "likewise, of held-out images: those are no copies, only smooth; samples with no lower "
            "ratio need not be copies either",
        ),
    },
}


def describe(name):
    """Returns `(group, label, meaning)` of a metric's name."""
    for group, metrics in GROUPS.items():
        if name in metrics:
            return group, *metrics[name]
    for group, metrics in GROUPS.items():
        for key, (label, meaning) in metrics.items():
            if key.endswith("_") and name.startswith(key):
                rest = name.removeprefix(key)
                return group, label.format(rest), meaning.format(rest)
            if key.startswith("_") and name.endswith(key):
                return group, f"{label}, {name.removesuffix(key)}", meaning
    return "Others", name, ""
