using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>A service of the Connect protocol. Registered in the container, it is served; docs/howto/add-a-data-plane-rpc.md says how to write one.</summary>
internal interface IConnectService
{
    void Map(ConnectRoutes routes);
}

/// <summary>Maps the methods of all services at <c>/{package.Service}/{Method}</c>.</summary>
internal sealed class ConnectDataPlane(IEnumerable<IConnectService> services, ConnectRuntime runtime, ConnectFaults faults) : IDataPlaneRoutes
{
    public void Map(IEndpointRouteBuilder routes)
    {
        var map = new ConnectRoutes(routes, runtime, faults);
        foreach (IConnectService service in services)
        {
            service.Map(map);
        }
    }
}

/// <summary>Where services put their methods.</summary>
internal sealed class ConnectRoutes(IEndpointRouteBuilder routes, ConnectRuntime runtime, ConnectFaults faults)
{
    /// <param name="name">Package and service, such as <c>process.Process</c>. Methods that it does not have are <c>unimplemented</c>.</param>
    public ConnectServiceRoutes Service(string name, DataPlaneDialect dialect)
    {
        Add($"/{name}/{{method}}", http => ConnectFaults.WriteUnimplementedAsync(http));
        return new ConnectServiceRoutes(this, runtime, name, dialect);
    }

    internal void Add(string pattern, RequestDelegate endpoint) => routes.Map(pattern, endpoint).WithMetadata(faults);
}

/// <summary>Where one service puts its methods, in the dialect in which it speaks.</summary>
internal sealed class ConnectServiceRoutes(ConnectRoutes routes, ConnectRuntime runtime, string service, DataPlaneDialect dialect)
{
    /// <summary>Bytes of a message unless a method says otherwise: the largest command line with the largest environment.</summary>
    private const int StandardLimit = 4 * 1024 * 1024;

    /// <summary>One message in, one out.</summary>
    /// <param name="limit">Bytes that a message may have.</param>
    public ConnectServiceRoutes Unary<TRequest, TResponse>(
        string method, Func<ConnectCall, TRequest, Task<TResponse>> handler, int limit = StandardLimit)
        where TRequest : IMessage<TRequest>, new()
        where TResponse : IMessage<TResponse> =>
        Add(method, new UnaryEndpoint<TRequest, TResponse>(runtime, dialect, limit, handler).InvokeAsync);

    /// <summary>One message in, many out. Ending the enumeration ends the call; what it throws is told in the last frame.</summary>
    /// <param name="sign">Makes a sign of life for when the stream was silent; null when the method has none.</param>
    /// <param name="ownTime">The method keeps <see cref="ConnectCall.Timeout"/> itself.</param>
    public ConnectServiceRoutes ServerStream<TRequest, TResponse>(
        string method, Func<ConnectCall, TRequest, IAsyncEnumerable<TResponse>> handler, Func<TResponse>? sign = null, bool ownTime = false)
        where TRequest : IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse> =>
        Add(method, new ServerStreamEndpoint<TRequest, TResponse>(runtime, dialect, StandardLimit, ownTime, sign, handler).InvokeAsync);

    /// <summary>Many messages in, one out. Messages are read as they are enumerated, which holds the client back.</summary>
    /// <param name="limit">Bytes that each message may have.</param>
    public ConnectServiceRoutes ClientStream<TRequest, TResponse>(
        string method, Func<ConnectCall, IAsyncEnumerable<TRequest>, Task<TResponse>> handler, int limit = StandardLimit)
        where TRequest : IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse> =>
        Add(method, new ClientStreamEndpoint<TRequest, TResponse>(runtime, dialect, limit, handler).InvokeAsync);

    private ConnectServiceRoutes Add(string method, RequestDelegate endpoint)
    {
        routes.Add($"/{service}/{method}", endpoint);
        return this;
    }
}
