using Atoll.Control;
using Atoll.Control.Webhooks;
using Atoll.Domain.Tenancy;
using Atoll.Node;

namespace Atoll.Server;

/// <summary>What a running server is made of: the one place that sees every layer.</summary>
internal static class Composition
{
    /// <summary>Registers the ports of Domain. The node comes first: it must be ready when control recovers.</summary>
    public static void AddPorts(IServiceCollection services, ServeOptions options) => services
        .AddAtollNode(options.Node)
        .AddAtollControl(WithQuota(new ControlOptions
        {
            DataDirectory = options.DataDirectory,
            Webhooks = new WebhookOptions { AllowPrivate = options.WebhooksAllowPrivate },
        }, options.UserQuota));

    private static ControlOptions WithQuota(ControlOptions control, Quota quota) => control with
    {
        MaxLivePerUser = quota.Sandboxes ?? control.MaxLivePerUser,
        MaxCpuPerUser = quota.CpuCount,
        MaxMemoryMbPerUser = quota.MemoryMb,
        MaxStorageGbPerUser = quota.StorageGb,
    };
}
