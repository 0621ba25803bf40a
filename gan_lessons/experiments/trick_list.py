"""The tricks of chapter 12, each one change of the baseline."""

from dataclasses import replace

from gan_lessons.experiments.mode_runs import Setting
from gan_lessons.experiments.trick_networks import (
    batch_norm_in_d,
    batch_norm_in_g,
    batch_spread,
    clip_d,
    dropout_in_g,
    falling_rates,
    packed_by_2,
    packed_by_4,
    sgd_for_d,
    spectral,
    spherical,
    tanh_at_the_end,
    uniform,
    with_relu,
    with_tanh,
)
from gan_lessons.experiments.trick_objectives import (
    NoisyLabels,
    OneSidedLabelSmoothing,
    SoftLabels,
)
from gan_lessons.experiments.trick_systems import FadingNoise, MixedBatches, Replay, Unrolled
from gan_lessons.experiments.tricks import Trick, with_training


def r1_trick(gamma: float, source: str = "") -> Trick:
    """Return the R1 penalty with a gamma."""
    return Trick(f"R1, gamma {gamma:g}", lambda s: with_training(s, {"r1_gamma": gamma}), source)


def r3gan(setting: Setting) -> Setting:
    """Return the setting with relativistic pairs, R1 and R2, the core of R3GAN."""
    penalised = with_training(setting, {"r1_gamma": GAMMA, "r2_gamma": GAMMA})
    return replace(penalised, objective="relativistic")


def wgan_gp(setting: Setting) -> Setting:
    """Return the setting as WGAN-GP: five D steps, Adam without momentum."""
    numbers = {"gp_weight": 3.0, "d_steps": 5, "betas": (0.0, 0.9)}
    return replace(with_training(setting, numbers), objective="wasserstein")


def noise_that_fades(setting: Setting) -> Setting:
    """Return the setting with instance noise that falls from 0.2 to 0: 0.1 in the mean."""
    return replace(with_training(setting, {"instance_noise": 0.2}), system=FadingNoise)


def dropout(setting: Setting) -> Setting:
    """Return the setting with dropout in G, whose masks are drawn as a part of z."""
    z_dim = setting.training.z_dim + 2 * setting.hidden
    return replace(with_training(setting, {"z_dim": z_dim}), networks=dropout_in_g)


def recipe(setting: Setting) -> Setting:
    """Return the setting that was chosen on seeds 0 to 15: R3GAN, faster, with averaged weights."""
    return with_training(r3gan(setting), {**RATES, "ema_decay": 0.99})


#: Gamma of R1 and R2 (the only one tried, on seeds 0 to 15), and the gammas of the slider.
GAMMA = 0.02
GAMMAS = (0.002, 0.006, 0.02, 0.06, 0.2, 0.6, 2.0)

#: The learning rates of the recipe: on seeds 0 to 15 with R3GAN as good as 2e-3 for both.
RATES = {"g_lr": 2e-3, "d_lr": 4e-3}

CHINTALA, RADFORD = "Chintala et al. (2016)", "Radford et al. (2016)"

#: First half of the chapter: objectives and penalties.
OBJECTIVES_AND_PENALTIES = (
    Trick("saturating", lambda s: replace(s, objective="saturating"), "Goodfellow et al. (2014)"),
    Trick("least squares", lambda s: replace(s, objective="least-squares"), "Mao et al. (2017)"),
    Trick("hinge", lambda s: replace(s, objective="hinge"), "Lim and Ye (2017)"),
    Trick("Wasserstein, no penalty", lambda s: replace(s, objective="wasserstein")),
    Trick(
        "Wasserstein, weight clipping",
        lambda s: replace(s, objective="wasserstein", prepare=clip_d),
        "Arjovsky et al. (2017)",
    ),
    Trick(
        "Wasserstein, gradient penalty",
        lambda s: replace(with_training(s, {"gp_weight": 0.3}), objective="wasserstein"),
        "Gulrajani et al. (2017)",
    ),
    Trick("WGAN-GP, 5 D steps", wgan_gp, "Gulrajani et al. (2017)"),
    Trick(
        "relativistic",
        lambda s: replace(s, objective="relativistic"),
        "Jolicoeur-Martineau (2019)",
    ),
    *(r1_trick(gamma, "Mescheder et al. (2018)") for gamma in GAMMAS),
    Trick("R2", lambda s: with_training(s, {"r2_gamma": GAMMA}), "Mescheder et al. (2018)"),
    Trick("R1 and R2", lambda s: with_training(s, {"r1_gamma": GAMMA, "r2_gamma": GAMMA})),
    Trick("relativistic, R1 and R2", r3gan, "Huang et al. (2024)"),
    Trick("the recipe", recipe),
    Trick("the recipe's learning rates", lambda s: with_training(s, RATES)),
    Trick("spectral norm", lambda s: replace(s, networks=spectral), "Miyato et al. (2018)"),
    Trick(
        "instance noise",
        lambda s: with_training(s, {"instance_noise": 0.1}),
        "Sonderby et al. (2017)",
    ),
    Trick("instance noise that fades", noise_that_fades, "Sonderby et al. (2017)"),
)

#: Second half: practice.
PRACTICE = (
    Trick("averaged weights", lambda s: with_training(s, {"ema_decay": 0.99})),
    Trick("D twice as fast", lambda s: with_training(s, {"d_lr": 2e-3}), "Heusel et al. (2017)"),
    Trick("D four times as fast", lambda s: with_training(s, {"d_lr": 4e-3})),
    Trick("2 D steps", lambda s: with_training(s, {"d_steps": 2}), "Goodfellow et al. (2014)"),
    Trick("5 D steps", lambda s: with_training(s, {"d_steps": 5})),
    Trick("both twice as fast", lambda s: with_training(s, {"g_lr": 2e-3, "d_lr": 2e-3})),
    Trick("both half as fast", lambda s: with_training(s, {"g_lr": 5e-4, "d_lr": 5e-4})),
    Trick("learning rates that fall", lambda s: replace(s, prepare=falling_rates)),
    Trick("no momentum", lambda s: with_training(s, {"betas": (0.0, 0.999)})),
    Trick("momentum 0.9", lambda s: with_training(s, {"betas": (0.9, 0.999)})),
    Trick("SGD for D", lambda s: replace(s, prepare=sgd_for_d), CHINTALA),
    Trick("packing by 2", lambda s: replace(s, networks=packed_by_2), "Lin et al. (2018)"),
    Trick("packing by 4", lambda s: replace(s, networks=packed_by_4), "Lin et al. (2018)"),
    Trick("minibatch std", lambda s: replace(s, networks=batch_spread), "Karras et al. (2018)"),
    Trick(
        "real label 0.9",
        lambda s: replace(s, objective=OneSidedLabelSmoothing()),
        "Salimans et al. (2016)",
    ),
    Trick("5% wrong labels", lambda s: replace(s, objective=NoisyLabels()), CHINTALA),
    Trick("soft labels", lambda s: replace(s, objective=SoftLabels()), CHINTALA),
    Trick("replay", lambda s: replace(s, system=Replay), CHINTALA),
    Trick("unrolling by 3", lambda s: replace(s, system=Unrolled), "Metz et al. (2017)"),
    Trick("dropout in G", dropout, CHINTALA),
    Trick("BatchNorm in G", lambda s: replace(s, networks=batch_norm_in_g), RADFORD),
    Trick("BatchNorm in D", lambda s: replace(s, networks=batch_norm_in_d), RADFORD),
    Trick(
        "BatchNorm in D, mixed batches",
        lambda s: replace(s, networks=batch_norm_in_d, system=MixedBatches),
        CHINTALA,
    ),
    Trick("tanh at the end of G", lambda s: replace(s, networks=tanh_at_the_end), CHINTALA),
    Trick("z uniform on a square", lambda s: replace(s, networks=uniform), CHINTALA),
    Trick("z in 16 dimensions", lambda s: with_training(s, {"z_dim": 16})),
    Trick("z on a circle", lambda s: replace(s, networks=spherical), "White (2016)"),
    Trick(
        "z on a sphere in 16 dimensions",
        lambda s: replace(with_training(s, {"z_dim": 16}), networks=spherical),
        "White (2016)",
    ),
    Trick("ReLU in both", lambda s: replace(s, networks=with_relu), CHINTALA),
    Trick("tanh in both", lambda s: replace(s, networks=with_tanh)),
    Trick("batch of 32", lambda s: with_training(s, {"batch_size": 32})),
    Trick("batch of 512", lambda s: with_training(s, {"batch_size": 512})),
    Trick("networks of 128", lambda s: replace(s, hidden=128)),
)

#: All of them by name.
TRICKS: dict[str, Trick] = {trick.name: trick for trick in (*OBJECTIVES_AND_PENALTIES, *PRACTICE)}
