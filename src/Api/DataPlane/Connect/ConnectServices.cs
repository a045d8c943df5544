using Atoll.Api.DataPlane.Code;
using Atoll.Api.DataPlane.Files;
using Atoll.Api.DataPlane.Processes;
using Atoll.Api.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>Registers the protocol and the services that speak it.</summary>
internal static class ConnectServices
{
    public static IServiceCollection AddConnect(this IServiceCollection services) => services
        .AddSingleton<ConnectRuntime>()
        .AddSingleton<Watchers>()
        .AddSingleton<MessageMemory>()
        .AddSingleton<ConnectFaults>()
        .AddSingleton<IFaultRenderer>(all => all.GetRequiredService<ConnectFaults>())
        .AddSingleton<IDataPlaneRoutes, ConnectDataPlane>()
        .AddSingleton<IConnectService, ProcessService>()
        .AddSingleton<IConnectService, FilesystemService>()
        .AddSingleton<IConnectService, CodeServices>();
}
