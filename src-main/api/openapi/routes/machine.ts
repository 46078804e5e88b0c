import { ChangeNodeSettingsRequest, NodeSettingsView } from '@core/protocols/node-settings'
import { ChangePowerRequest, PowerView } from '@core/protocols/power'
import { ChangeSetupRequest, PythonView, SetupView } from '@core/protocols/setup'
import {
  PreviewToolConfigRequest,
  SignInLink,
  ToolConfigPreview,
  ToolConfigsResponse,
  WriteToolConfigRequest,
} from '@core/protocols/connect'
import { SSE, LINES, type Described } from '../described'

/** This machine: settings, setup, programs that use it. */
export const MACHINE: readonly Described[] = [
  {
    method: 'get',
    path: '/connect/tools',
    does: 'Programs on this machine whose configuration can be written; from this machine alone',
    answer: { ToolConfigsResponse },
  },
  {
    method: 'post',
    path: '/connect/tools/{tool}/preview',
    does: 'What would be written into the configuration of a program',
    body: { PreviewToolConfigRequest },
    answer: { ToolConfigPreview },
  },
  {
    method: 'post',
    path: '/connect/tools/{tool}',
    does: 'Write what was shown, if the file is still the same',
    body: { WriteToolConfigRequest },
    answer: { ToolConfigsResponse },
  },
  {
    method: 'delete',
    path: '/connect/tools/{tool}',
    does: 'Put back what was there before, if nobody has changed the file since',
    answer: { ToolConfigsResponse },
  },
  {
    method: 'post',
    path: '/connect/sign_in_link',
    does: 'A path that signs one browser in, once, where the API is open to the network',
    answer: { SignInLink },
    statuses: [201],
  },
  {
    method: 'get',
    path: '/node/log',
    does: 'The last lines of this node’s log, each a JSON object',
    query: ['lines', 'since'],
    media: LINES,
  },
  {
    method: 'get',
    path: '/node/log/events',
    does: 'The same as server-sent events, and then those to come',
    query: ['lines', 'since'],
    media: SSE,
  },
  {
    method: 'get',
    path: '/node/settings',
    does: 'What of this machine’s settings can be changed while it runs',
    answer: { NodeSettingsView },
  },
  {
    method: 'patch',
    path: '/node/settings',
    does: 'Change them; what the command line or the environment sets is held',
    body: { ChangeNodeSettingsRequest },
    answer: { NodeSettingsView },
  },
  {
    method: 'get',
    path: '/node/power',
    does: 'Whether this machine may sleep, and what is set about it',
    answer: { PowerView },
  },
  {
    method: 'patch',
    path: '/node/power',
    does: 'Set whether it stays awake for the declared models that run on it',
    body: { ChangePowerRequest },
    answer: { PowerView },
  },
  {
    method: 'get',
    path: '/node/setup',
    does: 'How far a person got with setting this machine up, and what that depends on',
    answer: { SetupView },
  },
  {
    method: 'patch',
    path: '/node/setup',
    does: 'Keep how far that is',
    body: { ChangeSetupRequest },
    answer: { SetupView },
  },
  {
    method: 'post',
    path: '/node/python',
    does: 'Install the Python environment that runs models; nothing happens where it is there, or on its way',
    answer: { PythonView },
    statuses: [202],
  },
  { method: 'delete', path: '/node/python', does: 'Stop that; what is installed stays', answer: { PythonView } },
  {
    method: 'get',
    path: '/node/python/events',
    does: 'How the installation gets on and what it prints, as server-sent events',
    media: SSE,
  },
]
