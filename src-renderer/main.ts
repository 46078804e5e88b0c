import { z } from 'zod'
import { mount } from 'svelte'
import './tokens.css'
import './base.css'
import App from './app.svelte'
import { LanguageSetting } from './state/language.svelte'

// The page's policy forbids the code generation that zod uses otherwise.
z.config({ jitless: true })

const target = document.getElementById('app')
// Before mounting, so that the first text is in the right language.
await new LanguageSetting().apply()
if (target) mount(App, { target })
