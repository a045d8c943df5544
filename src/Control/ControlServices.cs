using Atoll.Control.Code;
using Atoll.Control.Events;
using Atoll.Control.Idempotency;
using Atoll.Control.Metrics;
using Atoll.Control.Processes;
using Atoll.Control.Recovery;
using Atoll.Control.Sandboxes;
using Atoll.Control.Snapshots;
using Atoll.Control.Stores;
using Atoll.Control.Templates;
using Atoll.Control.Tenancy;
using Atoll.Control.Usage;
using Atoll.Domain.Code;
using Atoll.Domain.Idempotency;
using Atoll.Domain.Metrics;
using Atoll.Domain.Network;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Storage;
using Atoll.Domain.Tenancy;
using Atoll.Domain.Usage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Atoll.Control;

/// <summary>Puts control into a host.</summary>
public static class ControlServices
{
    /// <summary>
    /// Adds <see cref="ISandboxes"/>, <see cref="ISandboxAgents"/>, <see cref="IExecutions"/>, <see cref="ICodeInterpreter"/>, <see cref="IApiKeys"/>, <see cref="IAccessTokens"/>,
    /// <see cref="ISandboxOwners"/>, <see cref="ITenants"/>, <see cref="IProjects"/>, <see cref="IQuotas"/>, <see cref="IUsers"/>, <see cref="IAuditLog"/>, <see cref="IAgentSecrets"/>, <see cref="IRequestMemory"/>, <see cref="IUsage"/>, <see cref="TenancyAdmin"/> and the service that opens the
    /// store and recovers before the listener answers. The host adds <see cref="INode"/> and ITemplates, and
    /// <see cref="ISandboxAddresses"/> if sandboxes are to have ports of their own.
    /// </summary>
    public static IServiceCollection AddAtollControl(this IServiceCollection services, ControlOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(options.Limits);
        services.AddSingleton(_ => new Ballast(options.BallastPath));
        services.AddSingleton(provider => new Database(options.DatabasePath, provider.GetRequiredService<Ballast>()));
        services.AddSingleton<SandboxStore>();
        services.AddSingleton<UserStore>();
        services.AddSingleton<ApiKeyStore>();
        services.AddSingleton<ProjectStore>();
        services.AddSingleton<QuotaStore>();
        services.AddSingleton<AuditStore>();

        services.TryAddSingleton<ISandboxAddresses, NoLocalPorts>();
        services.AddSingleton<Admission>();
        services.AddSingleton<ImageStore>();
        services.AddSingleton<ImageReferences>();
        services.AddSingleton<SandboxUses>();
        services.AddSingleton<SandboxDirectory>();
        services.AddSingleton<SandboxLifecycle>();
        services.AddSingleton<CreateOrigins>();
        services.AddSingleton<CreateRules>();
        services.AddSingleton<SandboxForks>();
        services.AddSingleton<ImageHolds>();
        services.AddSingleton<SnapshotStore>();
        services.AddSingleton<ISnapshots, OwnedSnapshots>();
        services.AddSingleton<OwnedSandboxes>();
        services.AddSingleton<ISandboxes>(provider => new RepeatableSandboxes(
            provider.GetRequiredService<OwnedSandboxes>(), provider.GetRequiredService<SandboxDirectory>(),
            provider.GetRequiredService<SandboxStore>(), provider.GetRequiredService<TimeProvider>(), options));
        services.AddSingleton<RequestStore>();
        services.AddSingleton(_ => new AnswerSeal(SecretKey.Open(options.KeyPath)));
        services.AddSingleton<IRequestMemory, RequestMemory>();
        services.AddSingleton<ISandboxMounts, SandboxMounts>();
        services.AddSingleton<UsageStore>();
        services.AddSingleton<IUsage, OwnedUsage>();
        services.AddSingleton<MetricStore>();
        services.AddSingleton<Sampler>();
        services.AddSingleton<ISandboxMetrics, SampledMetrics>();
        services.AddSingleton<ISandboxAgents, SandboxAgents>();
        services.AddSingleton<IExecutions, Executions>();
        services.AddTemplates();

        services.AddSingleton<ApiKeys>();
        services.AddSingleton<IApiKeys>(provider => provider.GetRequiredService<ApiKeys>());
        services.AddSingleton(_ => SandboxSecrets.Open(options.KeyPath));
        services.AddSingleton<IAccessTokens>(provider => provider.GetRequiredService<SandboxSecrets>());
        services.AddSingleton<IAgentSecrets>(provider => provider.GetRequiredService<SandboxSecrets>());
        services.AddSingleton<LiveTokens>();
        services.AddSingleton<Tenants>();
        services.AddSingleton<ITenants>(provider => provider.GetRequiredService<Tenants>());
        services.AddSingleton<IProjects, Projects>();
        services.AddSingleton<IQuotas, Quotas>();
        services.AddSingleton<IUsers, UserAccounts>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton<IAuditLog>(provider => provider.GetRequiredService<AuditLog>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<AuditLog>());
        services.AddSingleton<ISandboxOwners, SandboxOwners>();
        services.AddSingleton(provider =>
            new TenancyAdmin(provider.GetRequiredService<Database>(), options, provider.GetRequiredService<TimeProvider>()));

        services.AddSingleton<BootRecord>();
        services.AddSingleton<StartRecovery>();
        services.AddSingleton<Reconciler>();
        services.AddSingleton<StoreUpkeep>();
        services.AddSingleton<CodeInterpreter>();
        services.AddSingleton<ICodeInterpreter>(provider => provider.GetRequiredService<CodeInterpreter>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<CodeInterpreter>());
        services.AddSingleton<ControlService>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<ControlService>());
        // It begins when the store is open, and ends before.
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<Sampler>());

        services.AddTemplateWork();
        services.AddAtollEvents();
        return services;
    }
}
