using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using Atoll.Domain;
using Atoll.Domain.Network;

namespace Atoll.Control.Code;

/// <summary>
/// The Jupyter server in one sandbox, by its REST interface and its WebSockets, over connections that the agent makes. Its
/// replies are bounded in size and in time: the sandbox's user may have put anything in its place.
/// </summary>
internal sealed class JupyterServer : IDisposable
{
    public const int Port = 32000;

    private const int MaxReply = 1024 * 1024;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(60);

    private readonly HttpMessageInvoker _sockets;
    private readonly HttpClient _http;
    private readonly string _authorization;

    /// <param name="connect">Connects to the server's port.</param>
    public JupyterServer(Func<CancellationToken, Task<SandboxConnection>> connect, string token)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) => await connect(cancellation),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        };
        _sockets = new HttpMessageInvoker(handler, disposeHandler: false);
        _http = new HttpClient(handler)
        {
            BaseAddress = new Uri($"http://127.0.0.1:{Port}"),
            Timeout = RequestTimeout,
            MaxResponseContentBufferSize = MaxReply,
        };
        Token = token;
        _authorization = $"token {token}";
        _http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", _authorization);
    }

    /// <summary>What its requests are allowed by.</summary>
    public string Token { get; }

    public async Task<IReadOnlyList<JupyterSession>> SessionsAsync(CancellationToken cancellation) =>
        await SendAsync(HttpMethod.Get, "/api/sessions", null, JupyterJson.Default.JupyterSessionArray, cancellation) ?? [];

    /// <summary>Makes a session with a kernel of its own. The server answers when the kernel was started, not when it is ready.</summary>
    public async Task<JupyterSession> CreateAsync(NewSession session, CancellationToken cancellation) =>
        await SendAsync(HttpMethod.Post, "/api/sessions", JsonContent.Create(session, JupyterJson.Default.NewSession), JupyterJson.Default.JupyterSession, cancellation)
        ?? throw Unusable("no session");

    public async Task<JupyterSession> RenameAsync(string id, SessionNames names, CancellationToken cancellation) =>
        await SendAsync(
            HttpMethod.Patch, $"/api/sessions/{Uri.EscapeDataString(id)}", JsonContent.Create(names, JupyterJson.Default.SessionNames),
            JupyterJson.Default.JupyterSession, cancellation)
        ?? throw Unusable("no session");

    /// <summary>Ends the session and its kernel; done at once when there is none.</summary>
    public Task DeleteAsync(string id, CancellationToken cancellation) => ActAsync(HttpMethod.Delete, $"/api/sessions/{Uri.EscapeDataString(id)}", cancellation);

    public Task InterruptAsync(string kernel, CancellationToken cancellation) =>
        ActAsync(HttpMethod.Post, $"/api/kernels/{Uri.EscapeDataString(kernel)}/interrupt", cancellation);

    public Task RestartAsync(string kernel, CancellationToken cancellation) =>
        ActAsync(HttpMethod.Post, $"/api/kernels/{Uri.EscapeDataString(kernel)}/restart", cancellation);

    /// <summary>Opens a kernel's channels, once it is ready.</summary>
    public async Task<KernelChannel> OpenAsync(string kernel, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(RequestTimeout);
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", _authorization);
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        try
        {
            var address = new Uri($"ws://127.0.0.1:{Port}/api/kernels/{Uri.EscapeDataString(kernel)}/channels?session_id={Guid.NewGuid():N}");
            await socket.ConnectAsync(address, _sockets, bound.Token);
            return new KernelChannel(socket);
        }
        catch (Exception e)
        {
            socket.Dispose();
            throw e is WebSocketException ? new FaultException(Unusable("no channel to the kernel").Fault, e) : e is OperationCanceledException && !cancellation.IsCancellationRequested ? TooSlow() : e;
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _sockets.Dispose();
    }

    private async Task ActAsync(HttpMethod method, string path, CancellationToken cancellation)
    {
        using HttpResponseMessage reply = await SendAsync(method, path, null, cancellation);
        if (!reply.IsSuccessStatusCode && reply.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.Gone))
        {
            throw Refused(reply);
        }
    }

    private async Task<T?> SendAsync<T>(
        HttpMethod method, string path, HttpContent? body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using HttpResponseMessage reply = await SendAsync(method, path, body, cancellation);
        if (!reply.IsSuccessStatusCode)
        {
            throw Refused(reply);
        }

        try
        {
            return await reply.Content.ReadFromJsonAsync(type, cancellation);
        }
        catch (JsonException e)
        {
            throw new FaultException(Unusable("a reply that cannot be read").Fault, e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        try
        {
            return await _http.SendAsync(request, cancellation);
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw TooSlow();
        }
        catch (HttpRequestException e) when (e.InnerException is FaultException inner)
        {
            throw inner;
        }
        catch (HttpRequestException e)
        {
            throw new FaultException(Unusable("no reply").Fault, e);
        }
    }

    private static FaultException Refused(HttpResponseMessage reply) => reply.StatusCode switch
    {
        HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized => throw new JupyterTokenException(),
        HttpStatusCode.NotFound => Fault.NotFound("context", "").AsException(),
        _ => Unusable($"status {(int)reply.StatusCode}"),
    };

    private static FaultException Unusable(string what) =>
        new Fault(FaultCode.AgentUnavailable, $"the code interpreter of the sandbox gave {what}: try again, or restart the context").AsException();

    private static FaultException TooSlow() =>
        new Fault(FaultCode.Timeout, $"the code interpreter of the sandbox did not answer within {RequestTimeout.TotalSeconds} s").AsException();
}

/// <summary>The server was started anew since its token was read.</summary>
internal sealed class JupyterTokenException() : Exception("the Jupyter server knows another token");

/// <summary>What the server says of a session: a name that its maker chose, and a kernel.</summary>
internal sealed record JupyterSession(string Id, string Name, JupyterKernel? Kernel);

internal sealed record JupyterKernel(string Id, string Name);

/// <param name="Path">The kernel works in the nearest directory above it.</param>
internal sealed record NewSession(string Path, string Name, string Type, JupyterKernelName Kernel);

internal sealed record JupyterKernelName(string Name);

internal sealed record SessionNames(string Path, string Name);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(JupyterSession[]))]
[JsonSerializable(typeof(NewSession))]
[JsonSerializable(typeof(SessionNames))]
[JsonSerializable(typeof(ContextName))]
internal sealed partial class JupyterJson : JsonSerializerContext;
