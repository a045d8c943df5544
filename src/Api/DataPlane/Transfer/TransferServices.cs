using Atoll.Api.Dialects.E2b;
using Atoll.Api.Dialects.ScaleBox;
using Atoll.Api.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Atoll.Api.DataPlane.Transfer;

/// <summary>Puts files over plain HTTP, and what else a sandbox's address answers to plain requests, into the API.</summary>
internal static class TransferServices
{
    public static IServiceCollection AddTransfers(this IServiceCollection services) => services
        .AddSingleton<FileGate>()
        .AddSingleton<UploadSessions>()
        .AddSingleton<E2bDataFaults>()
        .AddSingleton<ScaleBoxDataFaults>()
        .AddSingleton<IFaultRenderer>(all => all.GetRequiredService<E2bDataFaults>())
        .AddSingleton<IFaultRenderer>(all => all.GetRequiredService<ScaleBoxDataFaults>())
        .AddSingleton<IDataPlaneRoutes, HealthRoute>()
        .AddSingleton<IDataPlaneRoutes, ScaleBoxTransfers>()
        .AddSingleton<IDataPlaneRoutes, E2bFiles>()
        .AddSingleton<IDataPlaneRoutes, E2bMachine>();
}
