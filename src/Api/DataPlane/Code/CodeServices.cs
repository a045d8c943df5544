using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Code;

namespace Atoll.Api.DataPlane.Code;

/// <summary>
/// Runs code in a sandbox and makes contexts for it: sandboxagent.ExecutionService and sandboxagent.ContextService
/// (contracts/scalebox.md 3.6, 4).
/// </summary>
internal sealed class CodeServices(ICodeInterpreter interpreter) : IConnectService
{
    private const string DefaultDirectory = "/workspace";

    public void Map(ConnectRoutes routes)
    {
        routes.Service("sandboxagent.ExecutionService", DataPlaneDialect.ScaleBox)
            .ServerStream<ExecuteRequest, ExecuteResponse>("Execute", ExecuteAsync);
        routes.Service("sandboxagent.ContextService", DataPlaneDialect.ScaleBox)
            .Unary<CreateContextRequest, Context>("CreateContext", CreateAsync)
            .Unary<DestroyContextRequest, DestroyContextResponse>("DestroyContext", DestroyAsync);
    }

    private async IAsyncEnumerable<ExecuteResponse> ExecuteAsync(ConnectCall call, ExecuteRequest request)
    {
        var code = new CodeRequest
        {
            Code = request.Code,
            Context = request.ContextId is { Length: > 0 } id ? id : null,
            Language = request.Language is { Length: > 0 } language ? language : null,
            WorkingDirectory = DefaultDirectory,
            Environment = request.EnvVars,
        };

        // Clients take an execution for one that worked when something of it is the main result.
        bool told = false;
        await foreach (CodeEvent happened in interpreter.ExecuteAsync(call.Sandbox, code, call.Cancellation))
        {
            told |= happened is CodeEvent.Error or CodeEvent.Shown { Result.IsMain: true };
            yield return CodeMessages.Of(happened, last: !told);
        }
    }

    private async Task<Context> CreateAsync(ConnectCall call, CreateContextRequest request) => CodeMessages.Of(await interpreter.CreateAsync(
        call.Sandbox, request.Language, request.Cwd is { Length: > 0 } directory ? directory : DefaultDirectory, call.Cancellation));

    private async Task<DestroyContextResponse> DestroyAsync(ConnectCall call, DestroyContextRequest request)
    {
        await interpreter.DestroyAsync(call.Sandbox, request.ContextId, call.Cancellation);
        return new DestroyContextResponse { Success = true };
    }
}
